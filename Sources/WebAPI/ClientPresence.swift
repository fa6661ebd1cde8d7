import Synchronization

/// Whether the client of a connection is still there, for work that is in vain without it.
///
/// A client that has closed its side counts as gone, though it might still read: the two cannot be told apart before
/// something is written, and then the work is done.
final class ClientPresence: Sendable {
    private struct State {
        var isGone = false
        var next = 0
        var actions: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// Calls `action` once when the client goes; at once if it has gone.
    ///
    /// - Returns: what ``forget(_:)`` takes.
    func onLeaving(_ action: @escaping @Sendable () -> Void) -> Int {
        let number: Int? = state.withLock { state in
            guard !state.isGone else { return nil }
            state.next += 1
            state.actions[state.next] = action
            return state.next
        }
        if let number { return number }
        action()
        return 0
    }

    /// Takes an action back.
    func forget(_ number: Int) {
        state.withLock { _ = $0.actions.removeValue(forKey: number) }
    }

    /// The client has gone.
    func leave() {
        let actions = state.withLock { state in
            state.isGone = true
            defer { state.actions = [:] }
            return state.actions
        }
        for action in actions.values { action() }
    }
}
