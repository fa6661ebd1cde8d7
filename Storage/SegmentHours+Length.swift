extension SegmentHours {
    /// The length of an hour, milliseconds.
    public static var lengthMs: Int64 { 3_600_000 }
}
