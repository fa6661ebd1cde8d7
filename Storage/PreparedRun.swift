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

/// An event that was refused, kept with its reason.
public struct DeadLetter: Sendable {
    /// Its position; ascending in order of receipt. 0 until it is stored.
    public var sequence: UInt64
    /// When it came, Unix milliseconds.
    public var time: Int64
    /// The stable code of the reason.
    public var code: String
    /// The reason in words.
    public var detail: String
    /// The event as it came.
    public var event: [UInt8]

    /// Creates a dead letter.
    public init(sequence: UInt64 = 0, time: Int64, code: String, detail: String, event: [UInt8]) {
        self.sequence = sequence
        self.time = time
        self.code = code
        self.detail = detail
        self.event = event
    }

    func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(time)
        writer.text(code)
        writer.text(detail)
        writer.array(event)
        return writer.bytes
    }

    init(sequence: UInt64, decoding bytes: UnsafeRawBufferPointer) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        self.init(
            sequence: sequence, time: try reader.fixed(Int64.self), code: try reader.text(),
            detail: try reader.text(), event: [UInt8](try reader.slice(reader.remaining)))
    }
}

/// What one request brings to a commit.
public struct CommitItem: Sendable {
    /// Its events.
    public var runs: [PreparedRun]
    /// Its refused events, with their site.
    public var deadLetters: [(site: String, letter: DeadLetter)]
    /// Whether it is what many requests brought: then a site too many costs only the request that names it.
    public var isGroup: Bool

    /// Creates an item.
    public init(runs: [PreparedRun], deadLetters: [(site: String, letter: DeadLetter)], isGroup: Bool = false) {
        self.runs = runs
        self.deadLetters = deadLetters
        self.isGroup = isGroup
    }
}

/// What became of an item.
public struct CommitOutcome: Sendable {
    /// Events stored by this commit.
    public var accepted = 0
    /// Events whose id was stored before.
    public var duplicates = 0
    /// Of a group of requests, those whose event was stored before: see ``ColumnBatch/origins``.
    public var repeatedOrigins: [UInt32] = []
    /// Of a group of requests, those whose event was not stored since the store may not have its site.
    public var refusedOrigins: [UInt32] = []
    /// Why ``refusedOrigins`` were refused.
    public var refusal: StorageError?
}
