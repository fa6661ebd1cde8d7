import Events

/// How long a bucket is. Sealed segments begin at the longest closed level and are merged upwards.
public enum BucketLevel: UInt8, Sendable, Comparable {
    /// Not sealed: a run in flight, anywhere within its month.
    case none = 0
    case hour = 1
    case day = 2
    /// A calendar month in UTC.
    case month = 3

    public static func < (left: BucketLevel, right: BucketLevel) -> Bool { left.rawValue < right.rawValue }
}

/// The time a sealed segment covers.
public struct Bucket: Hashable, Sendable {
    /// How long it is.
    public var level: BucketLevel
    /// Its start, Unix milliseconds.
    public var start: Int64

    /// Creates a bucket.
    public init(level: BucketLevel, start: Int64) {
        self.level = level
        self.start = start
    }

    static let hour: Int64 = 3_600_000
    static let day: Int64 = 86_400_000

    /// The longest bucket within the month `[month, monthEnd)` that holds `time` and has ended at `watermark`; the
    /// hour, ended or not, if none has.
    ///
    /// - Parameter longest: no longer one is given.
    static func longestClosed(
        holding time: Int64, month: Int64, monthEnd: Int64, watermark: Int64, longest: BucketLevel
    ) -> (bucket: Bucket, closed: Bool) {
        if longest >= .month, monthEnd <= watermark { return (Bucket(level: .month, start: month), true) }
        let dayStart = time - (time - month) % day
        if longest >= .day, dayStart + day <= watermark { return (Bucket(level: .day, start: dayStart), true) }
        let hourStart = time - (time - month) % hour
        return (Bucket(level: .hour, start: hourStart), hourStart + hour <= watermark)
    }
}
