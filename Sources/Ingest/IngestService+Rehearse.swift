import Dispatch
import Storage

extension IngestService {
    /// Answers what a commit would come to, without storing or remembering anything, and without counting the events among
    /// those received.
    func rehearse(_ prepared: Prepared) async throws(IngestError) -> IngestAnswer {
        let store = store
        let outcome: Result<CommitOutcome, StorageError> = await withCheckedContinuation { continuation in
            // It waits for the commit under way.
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result { () throws(StorageError) in try store.rehearse(prepared.item) })
            }
        }
        switch outcome {
        case .failure(let error): throw IngestError(error)
        case .success(let outcome):
            counters.add { $0.rehearsed += prepared.received }
            return prepared.answer(stored: outcome)
        }
    }
}
