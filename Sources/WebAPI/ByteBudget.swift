import Synchronization

/// Bounds the bytes of all request bodies that are held in memory at one moment.
final class ByteBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes that are taken now.
    var bytesInUse: Int { used.load(ordering: .relaxed) }

    /// Takes `count` bytes, or none when they would exceed the limit.
    func take(_ count: Int) -> Bool {
        let (_, after) = used.add(count, ordering: .relaxed)
        if after > limit {
            used.subtract(count, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Gives back what was taken.
    func giveBack(_ count: Int) {
        used.subtract(count, ordering: .relaxed)
    }
}

/// What one request has taken of a ``ByteBudget``; given back when the value goes away.
struct ByteClaim: ~Copyable {
    private let budget: ByteBudget
    private var count = 0

    init(_ budget: ByteBudget) {
        self.budget = budget
    }

    /// Takes `more` bytes in addition.
    mutating func grow(by more: Int) throws(Problem) {
        guard budget.take(more) else {
            throw Problem(
                429, code: "overloaded", title: "Too much at once",
                detail: "The bodies of other requests fill the memory set aside for them; send it again in a moment.",
                retryAfterSeconds: WebLimits.retryAfterSeconds, closesConnection: true)
        }
        count += more
    }

    deinit {
        budget.giveBack(count)
    }
}
