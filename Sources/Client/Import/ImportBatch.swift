/// Events that are sent in one request, with where they came from.
public struct ImportBatch: Sendable {
    /// The file they come from, as it was named.
    public var file: String
    /// NDJSON, one event a line.
    public var body: [UInt8] = []
    /// For each event the line of the file it begins on, from 1.
    public var lines: [Int] = []
    /// What is wrong with records that were not even worth sending.
    public var rejections: [ImportRejection] = []
    /// Records that are left out on purpose.
    public var skipped = 0

    /// Creates an empty batch.
    public init(file: String) {
        self.file = file
    }

    /// Whether there is nothing in it to send or to tell.
    public var isEmpty: Bool { lines.isEmpty && rejections.isEmpty && skipped == 0 }
}

/// One event that was not taken, and why.
public struct ImportRejection: Sendable, Equatable {
    /// The file it comes from, as it was named.
    public var file: String
    /// The line it begins on, from 1; `nil` where the server's answer does not tell.
    public var line: Int?
    /// A stable name of the reason.
    public var code: String
    /// The reason in words.
    public var detail: String

    /// Creates a rejection.
    public init(file: String, line: Int?, code: String, detail: String) {
        self.file = file
        self.line = line
        self.code = code
        self.detail = detail
    }
}

/// How large a batch may become; the first bound it reaches closes it.
public struct BatchLimits: Sendable, Equatable {
    /// Most events of a batch.
    public var events: Int
    /// Most bytes of a batch, unless a single event is larger.
    public var bytes: Int
    /// Most records without an event before a batch is closed all the same, so that memory stays bounded.
    public static let rejections = 5000
    /// Most records left out before a batch is closed, so that progress shows.
    public static let skipped = 100_000

    /// Creates limits.
    public init(events: Int, bytes: Int) {
        self.events = events
        self.bytes = bytes
    }
}
