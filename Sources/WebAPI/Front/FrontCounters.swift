import Synchronization

/// What the front counts, for `/metrics`.
package final class FrontCounters: Sendable {
    /// Why a connection was closed or not taken.
    enum Reason: String, CaseIterable {
        /// One address has as many connections as it may.
        case address
        /// A head did not come in time.
        case head
        /// A body did not come in time.
        case body
        /// An answer was not read in time.
        case answer
        /// Nothing came for long.
        case idle
    }

    let accepted = Atomic<Int>(0)
    let handedOver = Atomic<Int>(0)
    /// Times accepting paused: at the limit of connections, or without descriptors.
    let pauses = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
    let groups = Atomic<Int>(0)
    private let reasons = Mutex<[Reason: Int]>([:])

    func count(_ reason: Reason) {
        reasons.withLock { $0[reason, default: 0] += 1 }
    }

    /// Connections that were closed or not taken, by reason.
    func samples() -> [PrometheusText.Sample] {
        let counts = reasons.withLock { $0 }
        return Reason.allCases.map {
            PrometheusText.Sample(labels: [("reason", $0.rawValue)], value: Double(counts[$0] ?? 0))
        }
    }
}

/// Who is connected: bounds the connections of all clients together and of each address.
final class ConnectionTable: Sendable {
    private struct State {
        var total = 0
        var byAddress: [String: Int] = [:]
    }

    let limit: Int
    let limitPerAddress: Int
    private let state = Mutex(State())
    private let counters: RequestCounters

    init(limit: Int, limitPerAddress: Int, counters: RequestCounters) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
        self.counters = counters
    }

    /// Whether one more connection may be accepted.
    var hasRoom: Bool { state.withLock { $0.total } < limit }

    /// Enters a connection, unless its address has as many as it may.
    func enter(_ address: String) -> Bool {
        let isEntered = state.withLock { state in
            guard state.byAddress[address, default: 0] < limitPerAddress else { return false }
            state.byAddress[address, default: 0] += 1
            state.total += 1
            return true
        }
        if isEntered { counters.countConnection(1) }
        return isEntered
    }

    /// Takes out a connection that is closed.
    func leave(_ address: String) {
        state.withLock { state in
            state.total -= 1
            if let count = state.byAddress[address], count > 1 {
                state.byAddress[address] = count - 1
            } else {
                state.byAddress[address] = nil
            }
        }
        counters.countConnection(-1)
    }
}
