/// Cuts a stream of event lines into batches.
struct BatchBuilder {
    private let limits: BatchLimits
    private var batch: ImportBatch

    init(file: String, limits: BatchLimits) {
        self.limits = limits
        batch = ImportBatch(file: file)
    }

    /// Appends an event by what `write` appends, a line end included.
    ///
    /// - Returns: a batch that is complete, if this event closed one. The event may be in it or in the next one.
    mutating func append(line: Int, write: (inout [UInt8]) -> Void) -> ImportBatch? {
        if batch.body.capacity == 0 { batch.body.reserveCapacity(limits.events * 200) }
        let start = batch.body.count
        write(&batch.body)
        batch.lines.append(line)
        if batch.body.count > limits.bytes, batch.lines.count > 1 {
            var next = ImportBatch(file: batch.file)
            next.body.append(contentsOf: batch.body[start...])
            next.lines.append(line)
            batch.body.removeSubrange(start...)
            batch.lines.removeLast()
            swap(&batch, &next)
            return next
        }
        return batch.lines.count >= limits.events || batch.body.count >= limits.bytes ? finish() : nil
    }

    /// Notes a record that holds no event; returns a batch as ``append(line:write:)`` does.
    mutating func reject(line: Int, code: String, detail: String) -> ImportBatch? {
        batch.rejections.append(ImportRejection(file: batch.file, line: line, code: code, detail: detail))
        return batch.rejections.count >= BatchLimits.rejections ? finish() : nil
    }

    /// Notes a record that is left out on purpose; returns a batch as ``append(line:write:)`` does.
    mutating func skip() -> ImportBatch? {
        batch.skipped += 1
        return batch.skipped >= BatchLimits.skipped ? finish() : nil
    }

    /// Hands over what there is, `nil` if there is nothing.
    mutating func finish() -> ImportBatch? {
        guard !batch.isEmpty else { return nil }
        var done = ImportBatch(file: batch.file)
        swap(&batch, &done)
        return done
    }
}
