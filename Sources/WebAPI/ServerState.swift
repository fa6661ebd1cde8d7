import Ingest
import Queries
import Storage
import Synchronization

/// What requests are answered from, once the store has been recovered.
struct Backend: Sendable {
    let service: IngestService
    let engine: QueryEngine
}

/// Where the server is between start and end, shared by all requests.
final class ServerState: Sendable {
    private struct State {
        var backend: Backend?
        var isDraining = false
    }

    private let state = Mutex(State())

    /// From here on requests are answered from `backend`.
    func publish(_ backend: Backend) {
        state.withLock { $0.backend = backend }
    }

    /// From here on new requests are refused; those that have begun are answered.
    func drain() {
        state.withLock { $0.isDraining = true }
    }

    /// What to answer from.
    ///
    /// - Throws: the 503 problem to answer instead, while the server starts or shuts down.
    func backend() throws(Problem) -> Backend {
        let (backend, isDraining) = state.withLock { ($0.backend, $0.isDraining) }
        if isDraining { throw .draining }
        guard let backend else { throw .recovering }
        return backend
    }

    /// Throws unless the server is recovered and accepts events.
    func checkReady() throws(Problem) {
        let service = try backend().service
        switch service.state {
        case .ready:
            guard service.store.space.isFull else { return }
            throw Problem(
                503, code: "disk_full", title: "The disk is almost full",
                detail: "Events are refused until there is space; queries are answered.",
                retryAfterSeconds: IngestService.diskRetryAfterSeconds)
        case .recovering: throw .recovering
        case .draining: throw .draining
        case .failed(let detail):
            throw Problem(
                503, code: Problem.storageCode, title: "The store has failed", detail: detail,
                retryAfterSeconds: WebLimits.retryAfterSeconds)
        }
    }

    /// The backend whatever the state is, for metrics.
    var backendIfAny: Backend? {
        state.withLock { $0.backend }
    }
}
