/// The running result of an import.
public struct ImportTally: Sendable, Equatable {
    /// How many rejections are kept to be shown.
    public static let shown = 10

    /// Events that were stored.
    public private(set) var accepted = 0
    /// Events that were there already.
    public private(set) var duplicate = 0
    /// Events and records that were not taken.
    public private(set) var rejected = 0
    /// Records that were left out on purpose.
    public private(set) var skipped = 0
    /// The first rejections, by file and line.
    public private(set) var rejections: [ImportRejection] = []
    /// The first error that kept a batch from being delivered or a file from being read.
    public private(set) var failure: ClientError?

    private let order: [String: Int]

    /// Creates an empty tally; `files` gives the order in which rejections are shown.
    public init(files: [String]) {
        order = Dictionary(zip(files, files.indices), uniquingKeysWith: { first, _ in first })
    }

    /// Everything that was answered.
    public var total: Int { accepted + duplicate + rejected }

    /// Counts what the server did with a batch.
    public mutating func add(_ answer: IngestAnswer, batch: ImportBatch) {
        accepted += answer.accepted
        duplicate += answer.duplicate
        rejected += answer.rejected
        for problem in answer.problems {
            let line = problem.index.flatMap { batch.lines.indices.contains($0) ? batch.lines[$0] : nil }
            keep(ImportRejection(file: batch.file, line: line, code: problem.code, detail: problem.detail))
        }
    }

    /// Counts the records of a batch that were not sent.
    public mutating func addRejections(of batch: ImportBatch) {
        skipped += batch.skipped
        rejected += batch.rejections.count
        for rejection in batch.rejections { keep(rejection) }
    }

    /// Notes an error; the first one is told.
    public mutating func fail(_ error: ClientError) {
        if failure == nil { failure = error }
    }

    /// Keeps a rejection among the first few, since batches are answered in any order.
    private mutating func keep(_ rejection: ImportRejection) {
        func place(_ rejection: ImportRejection) -> (Int, Int) {
            (order[rejection.file] ?? .max, rejection.line ?? .max)
        }
        if rejections.count == Self.shown, let last = rejections.last, place(last) <= place(rejection) { return }
        let index = rejections.firstIndex { place($0) > place(rejection) } ?? rejections.count
        rejections.insert(rejection, at: index)
        if rejections.count > Self.shown { rejections.removeLast() }
    }
}
