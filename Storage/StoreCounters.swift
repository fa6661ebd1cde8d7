import Synchronization

/// What the store has done in the background since it was opened; for the metrics.
final class StoreCounters: Sendable {
    /// Rows written into sealed segments by sealing.
    let sealedRows = Atomic<Int>(0)
    /// Merges of sealed segments, and the rows they wrote.
    let compactions = Atomic<Int>(0)
    let compactedRows = Atomic<Int>(0)
    /// Merges that did not begin because they would not have fit on the disk or in memory.
    let compactionsHeld = Atomic<Int>(0)
    /// Dead letters that went for newer ones, and for their age.
    let deadLettersPushedOut = Atomic<Int>(0)
    let deadLettersExpired = Atomic<Int>(0)
}

extension Store.Statistics {
    /// Takes over what only the writer knows.
    mutating func read(writer: borrowing Mutex<StoreWriter>, names: [String: UInt32]) {
        writer.withLock { writer in
            (ids, idsEvicted) = (writer.ids.count, writer.ids.evicted)
            (answers, answerBytes, answersEvicted) = (
                writer.answers.count, writer.answers.bytes, writer.answers.evicted
            )
            deadLetters = names.compactMap { name, number in
                writer.deadLetters[number].map { (name, $0.count, $0.bytes) }
            }
        }
        deadLetters.sort { $0.site < $1.site }
    }
}
