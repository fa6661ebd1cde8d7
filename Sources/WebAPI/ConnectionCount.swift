import HummingbirdCore

/// Counts connections for the metrics and stops accepting at the limit.
struct ConnectionCount: AvailableConnectionsDelegate {
    let limit: Int
    let counters: RequestCounters

    mutating func connectionOpened() {
        counters.countConnection(1)
    }

    mutating func connectionClosed() {
        counters.countConnection(-1)
    }

    func isAcceptingNewConnections() -> Bool {
        counters.openConnections < limit
    }
}
