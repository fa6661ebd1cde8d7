/// How many new user agents may be read: so many a second, and after a quiet time more in one go.
package struct ReadBudget {
    private let perSecond: Double
    private let most: Double
    private var left: Double
    private var last: ContinuousClock.Instant

    package init(perSecond: Int, atOnce: Int, now: ContinuousClock.Instant = .now) {
        self.perSecond = Double(perSecond)
        most = Double(atOnce)
        left = most
        last = now
    }

    /// Takes one; false where there is none.
    package mutating func take(now: ContinuousClock.Instant = .now) -> Bool {
        left = min(most, left + last.duration(to: now) / .seconds(1) * perSecond)
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
