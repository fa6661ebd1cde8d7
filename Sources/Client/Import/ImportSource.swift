import Dispatch
import Synchronization

/// Reads all files one after the other and hands out batches to any number of senders.
///
/// Reading blocks, so it has a serial queue of its own instead of a thread of the concurrency pool.
final class ImportSource: @unchecked Sendable {
    /// Bytes read from disk so far, before decompression.
    let bytesRead = Atomic<Int>(0)
    /// Bytes of all files on disk, -1 where one of them is a pipe.
    let totalBytes: Int

    private let queue = DispatchQueue(label: "weir.import")
    private let options: ImportOptions
    private let mapping: ColumnMapping
    private let accessLog: AccessLogEncoder

    // Touched on the queue only, which is what makes the class safe to share.
    private var remaining: ArraySlice<String>
    private var file: InputFile?
    private var reader: EventReader?
    private var finishedBytes = 0

    init(_ options: ImportOptions) throws(ClientError) {
        self.options = options
        mapping = try ColumnMapping(options.mappings)
        accessLog = AccessLogEncoder(options.accessLog)
        remaining = options.files[...]
        var total = 0
        // Looking at every file before anything is sent finds a wrong name while nothing has happened yet.
        for name in options.files {
            let size = name == "-" ? nil : try InputFile.size(of: name)
            total = size.map { total < 0 ? -1 : total + $0 } ?? -1
        }
        totalBytes = total
    }

    /// The next batch, `nil` after the last one.
    func next() async throws(ClientError) -> ImportBatch? {
        let result: Result<ImportBatch?, ClientError> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.read()) }
        }
        return try result.get()
    }

    private func read() -> Result<ImportBatch?, ClientError> {
        do {
            while true {
                if reader == nil {
                    guard let name = remaining.popFirst() else { return .success(nil) }
                    let file = try InputFile(name)
                    self.file = file
                    reader = EventReader(
                        file: file, format: options.format, mapping: mapping, delimiter: options.delimiter,
                        accessLog: accessLog, limits: options.limits)
                }
                let batch = try reader?.next()
                let fileBytes = file?.bytesRead ?? 0
                bytesRead.store(finishedBytes + fileBytes, ordering: .relaxed)
                if let batch { return .success(batch) }
                finishedBytes += fileBytes
                reader = nil
            }
        } catch {
            // What was read before stays sent; the senders find the end after this error.
            remaining = []
            reader = nil
            return .failure(error)
        }
    }
}
