import Logging
import RocksDB
import Synchronization

extension Store {
    /// Why nothing is accepted any more; `nil` while all is well.
    public var failure: String? { state.withLock { $0.failure } }

    /// Writes and syncs a batch, and gives the store up if that fails: what a failed write or sync has left on disk is
    /// unknown until a restart reads it, so nothing may be acknowledged after it.
    ///
    /// - Parameters:
    ///   - what: what failed, for the log: "A commit", "Sealing".
    ///   - before: a fault point that stands for the write itself.
    ///   - synced: `false` for what a later synced write makes durable.
    ///   - after: a fault point at which the batch is durable and nobody knows yet.
    /// - Throws: ``StorageError/database(_:)``, and from then on every commit ``StorageError/failed(_:)``.
    func write(
        _ batch: borrowing WriteBatch, _ what: String, before: FaultPoint? = nil, after: FaultPoint? = nil,
        synced: Bool = true
    ) throws(StorageError) {
        do throws(StorageError) {
            let isSkipped = if let before { try options.faults.hit(before) } else { false }
            if !isSkipped {
                do throws(RocksDBError) { try database.write(batch, synced: synced) } catch { throw .database(error) }
            }
            if let after { try options.faults.hit(after) }
        } catch {
            state.withLock { $0.failure = $0.failure ?? error.description }
            logger.critical(
                "\(what) failed; nothing more is accepted until a restart.", metadata: ["error": "\(error)"])
            throw error
        }
    }
}
