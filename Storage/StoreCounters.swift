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
}
