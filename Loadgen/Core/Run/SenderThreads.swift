import Foundation
import LoadgenSystem

/// Runs the body on a thread of its own, since senders block.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread { continuation.resume(returning: body()) }.start()
    }
}

/// Lets senders start at the same moment, once all are connected.
final class StartGate: Sendable {
    private let condition = NSCondition()
    private let state: State

    /// Guarded by the condition.
    private final class State: @unchecked Sendable {
        var missing: Int
        var start: Int64?
        var hasFailed = false

        init(missing: Int) { self.missing = missing }
    }

    /// A gate for so many senders.
    init(senders: Int) {
        state = State(missing: senders)
    }

    /// A sender is ready; waits for the others.
    ///
    /// - Returns: When all start, nanoseconds of the monotonic clock; nil when one cannot.
    func arrive() -> Int64? {
        condition.lock()
        defer { condition.unlock() }
        state.missing -= 1
        if state.missing == 0 {
            state.start = loadgen_now()
            condition.broadcast()
        }
        while state.start == nil, !state.hasFailed { condition.wait() }
        return state.hasFailed ? nil : state.start
    }

    /// A sender cannot start.
    func fail() {
        condition.lock()
        state.hasFailed = true
        condition.broadcast()
        condition.unlock()
    }

    /// When the senders started; nil as long as they have not.
    var start: Int64? {
        condition.lock()
        defer { condition.unlock() }
        return state.start
    }
}

/// What a sender came to.
struct SenderOutcome: Sendable {
    var ledger = Ledger()
    var error: RunError?
    /// Nanoseconds of the monotonic clock.
    var end: Int64 = 0
}
