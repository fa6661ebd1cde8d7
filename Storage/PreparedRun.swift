import Events

/// A decoded batch made ready for its commit, off the writer's thread: sorted, and encoded if it is large enough.
///
/// `@unchecked Sendable`: the batch is handed over when this is made and only read from then on.
public final class PreparedRun: @unchecked Sendable {
    /// Rows below which a run is not encoded by itself but merged with others of the same commit.
    static let minEncodedRows = 256

    let batch: ColumnBatch
    let header: SegmentHeader
    let columns: RunColumns
    let packed: Block.Packed?

    /// Sorts and encodes a batch that has at least one row.
    ///
    /// - Complexity: O(rows · (log rows + columns)).
    public init(_ batch: ColumnBatch) {
        precondition(batch.rows > 0, "a batch is made for its first row")
        self.batch = batch
        (header, columns) = RunAssembler.run(of: batch)
        packed =
            header.rows < PreparedRun.minEncodedRows
            ? nil : Block.Packed(LogRow.encode(header, columns), level: LogRow.compressionLevel)
    }

    /// Number of events.
    public var rows: Int { header.rows }
}
