extension Segment {
    /// The least and the greatest code of a chunk's rows in a column, without reading them; `nil` where that is not
    /// known beforehand.
    ///
    /// A filter that passes or fails the whole range need not read the chunk.
    public func zone(column: Int, chunk: Int) throws(StorageError) -> ClosedRange<UInt32>? {
        guard case .stored(let parts) = source, header.version >= 2 else { return nil }
        let zone = try parts.directory(header).columns[column][chunk]
        return zone.minimum...zone.maximum
    }

    /// The first and the last time of a chunk's rows, milliseconds since ``SegmentHeader/month``, without reading them;
    /// `nil` where that is not known beforehand.
    public func timeZone(chunk: Int) throws(StorageError) -> ClosedRange<UInt32>? {
        guard case .stored(let parts) = source, header.version >= 2 else { return nil }
        return try parts.directory(header).times[chunk]
    }
}
