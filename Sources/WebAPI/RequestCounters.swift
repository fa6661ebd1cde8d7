import Ingest
import Synchronization

/// Counts answered requests by endpoint and status, and open connections.
final class RequestCounters: Sendable {
    private struct Key: Hashable {
        var endpoint: Endpoint?
        var status: Int
    }

    private let requests = Mutex<[Key: Int]>([:])
    private let open = Atomic<Int>(0)

    /// Counts answers; the endpoint is `nil` where the path or the method led nowhere.
    func countRequest(_ endpoint: Endpoint?, status: Int, times: Int = 1) {
        requests.withLock { $0[Key(endpoint: endpoint, status: status), default: 0] += times }
    }

    /// Counts a connection that was accepted (1) or closed (-1).
    func countConnection(_ change: Int) {
        open.add(change, ordering: .relaxed)
    }

    /// Connections that are open now.
    var openConnections: Int { open.load(ordering: .relaxed) }

    /// Requests by path, method and status.
    func samples() -> [PrometheusText.Sample] {
        requests.withLock { $0 }.map { key, count in
            let method = key.endpoint?.method ?? "other"
            let path = key.endpoint?.path ?? "other"
            let labels = [("method", method), ("path", path), ("status", String(key.status))]
            return PrometheusText.Sample(labels: labels, value: Double(count))
        }.sorted { left, right in
            left.labels.map(\.1).lexicographicallyPrecedes(right.labels.map(\.1))
        }
    }
}
