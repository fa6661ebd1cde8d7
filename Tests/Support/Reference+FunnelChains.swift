/// The exhaustive search over the chains of one visitor or session, in order of steps: every event is tried for every
/// step. Only what cannot matter is remembered as seen already.
struct FunnelSearch {
    let rules: FunnelRules
    /// The steps of a whole chain, by their place in the query.
    let steps: [Int]
    /// In order of time.
    let events: [FunnelCandidate]

    /// A chain's end: all that matters for how it may go on.
    private struct End: Hashable {
        let length: Int
        let time: Int64
        /// Its events of that time; earlier ones cannot be taken again anyway.
        let usedAtTime: Set<Int>
        let firstTime: Int64

        /// How many steps it had before that time.
        var before: Int { length - usedAtTime.count }
    }

    private func begin(_ starts: ClosedRange<Int64>) -> [FunnelCandidate] {
        events.filter { $0.takes.contains(steps[0]) && starts.contains($0.time) }
    }

    private func end(of first: FunnelCandidate) -> End {
        End(length: 1, time: first.time, usedAtTime: [first.index], firstTime: first.time)
    }

    /// The ways a chain can take its next step.
    ///
    /// - Parameter stops: whether exclusions end it.
    private func following(_ end: End, stops: Bool = true) -> [(event: FunnelCandidate, end: End)] {
        guard end.length < steps.count else { return [] }
        let step = steps[end.length]
        var found: [(event: FunnelCandidate, end: End)] = []
        for next in events where next.time >= end.time && next.takes.contains(step) {
            if end.usedAtTime.contains(next.index) || (rules.strictIncrease && next.time == end.time) { continue }
            // Differences of event times cannot overflow, as sums with the window could.
            if next.time - end.firstTime > rules.window { break }
            if let within = rules.within[step], next.time - end.time > within { break }
            if next.time > end.time, !canLeave(end, for: next.time, stops: stops) { continue }
            let used = next.time == end.time ? end.usedAtTime.union([next.index]) : [next.index]
            found.append(
                (next, End(length: end.length + 1, time: next.time, usedAtTime: used, firstTime: end.firstTime)))
        }
        return found
    }

    // MARK: What a chain leaves behind

    /// Whether everything that is no event of the chain may stand where it has to, when the chain's next event is at
    /// a time.
    private func canLeave(_ end: End, for time: Int64, stops: Bool) -> Bool {
        left(end, time).allSatisfy { other in
            !places(of: other, end).allSatisfy { place in
                (rules.order == "strict_order" && !matches(other, place, end))
                    || (stops && isPassedOver(other, after: place, drops: false))
            }
        }
    }

    /// Whether an exclusion that drops the visitor is passed over wherever it may stand.
    private func dropsWhenLeft(_ end: End, for time: Int64) -> Bool {
        left(end, time).contains { other in
            !other.excludes.isEmpty
                && places(of: other, end).allSatisfy { place in
                    (rules.order == "strict_order" && !matches(other, place, end))
                        || isPassedOver(other, after: place, drops: true)
                }
        }
    }

    /// The events that are not the chain's, from its last time to before its next.
    private func left(_ end: End, _ time: Int64) -> [FunnelCandidate] {
        events.filter { $0.time >= end.time && $0.time < time && !end.usedAtTime.contains($0.index) }
    }

    /// After which steps of the chain, counted from 1, an event may stand. 0 is before the chain.
    private func places(of other: FunnelCandidate, _ end: End) -> ClosedRange<Int> {
        other.time > end.time ? end.length...end.length : end.before...end.length
    }

    /// Strict order: whether an event after a place is a repeat of that place's step, or one of the optional steps
    /// between it and the next.
    private func matches(_ other: FunnelCandidate, _ place: Int, _ end: End) -> Bool {
        if place == 0 { return true }
        let step = steps[place - 1]
        let next = place < steps.count ? steps[place] : step
        return other.repeats.contains { $0 == step || (rules.optional.contains($0) && $0 > step && $0 < next) }
    }

    /// Whether an event after a place, with the chain going on after it, stands between two steps that exclude it.
    private func isPassedOver(_ other: FunnelCandidate, after place: Int, drops: Bool) -> Bool {
        guard place > 0 else { return false }
        return other.excludes.contains { number in
            let exclusion = rules.exclusions[number]
            guard exclusion.drops == drops else { return false }
            // An optional step that is not one of these gives way to the one before it, or after it.
            let after = steps.count { $0 < exclusion.after }
            let before = (steps.firstIndex { $0 >= exclusion.before - 1 } ?? steps.count) + 1
            return place >= after && place < before
        }
    }

    // MARK: Answers

    /// Whether a chain that nothing stops passes over an exclusion that drops the visitor.
    func drops(_ starts: ClosedRange<Int64>) -> Bool {
        var visited: Set<End> = []
        var pending = begin(starts).map { end(of: $0) }
        while let end = pending.popLast() {
            guard visited.insert(end).inserted else { continue }
            for next in following(end, stops: false) {
                if next.event.time > end.time, dropsWhenLeft(end, for: next.event.time) { return true }
                pending.append(next.end)
            }
        }
        return false
    }

    /// The best chain that begins within a time, with the least values of `by` at the event they are read at.
    func best(_ starts: ClosedRange<Int64>, hasKeys: Bool) -> FunnelChain {
        var best = FunnelChain()
        var visited: Set<End> = []
        var pending = begin(starts).map { end(of: $0) }
        while let end = pending.popLast() {
            guard visited.insert(end).inserted else { continue }
            var chain = FunnelChain(length: end.length, start: end.firstTime, end: end.time)
            // Times are worked out for the winner only.
            chain.times = best.times
            chain.keys = best.keys
            if chain.isBetter(than: best) { best = chain }
            pending += following(end).map(\.end)
        }
        guard best.length > 0 else { return best }
        best.times = []
        best.keys = []
        let firsts = begin(best.start...best.start)
        var known: [End: [Int64]?] = [:]
        for first in firsts {
            guard let rest = earliest(end(of: first), best, &known) else { continue }
            let times = [first.time] + rest
            if best.times.isEmpty || times.lexicographicallyPrecedes(best.times) { best.times = times }
        }
        if hasKeys, rules.hasKeys, let place = rules.attributed(best.length) {
            best.keys = leastKeys(firsts, best, place)
        }
        return best
    }

    /// The earliest times of the events after a chain's end that make it the best chain; `nil` if none do.
    private func earliest(_ end: End, _ best: FunnelChain, _ known: inout [End: [Int64]?]) -> [Int64]? {
        if end.length == best.length { return end.time == best.end ? [] : nil }
        if let answer = known[end] { return answer }
        var least: [Int64]?
        for next in following(end) where next.event.time <= best.end {
            guard let rest = earliest(next.end, best, &known) else { continue }
            let times = [next.event.time] + rest
            if least.map({ times.lexicographicallyPrecedes($0) }) ?? true { least = times }
        }
        known[end] = .some(least)
        return least
    }

    /// The least values among the events that can have a place in a chain with exactly the best one's times.
    private func leastKeys(_ firsts: [FunnelCandidate], _ best: FunnelChain, _ place: Int) -> [[Text?]] {
        var able: Set<Int> = []
        var known: [End: Bool] = [:]
        // Every end that is on the way, with the event it has taken last.
        var pending: [(event: FunnelCandidate, end: End)] = firsts.map { ($0, end(of: $0)) }
        var visited: Set<[Int]> = []
        while let (event, end) = pending.popLast() {
            guard finishes(end, best, &known) else { continue }
            if end.length == place { able.insert(event.index) }
            guard visited.insert([event.index, end.length] + end.usedAtTime.sorted()).inserted else { continue }
            if end.length < place { pending += following(end).filter { $0.event.time == best.times[end.length] } }
        }
        let keys = events.filter { able.contains($0.index) }.map(\.keys)
        return keys.dropFirst().reduce(keys.first ?? []) { FunnelChain.isLess($1, $0) ? $1 : $0 }
    }

    private func finishes(_ end: End, _ best: FunnelChain, _ known: inout [End: Bool]) -> Bool {
        if end.length == best.length { return true }
        if let answer = known[end] { return answer }
        var can = false
        for next in following(end) where next.event.time == best.times[end.length] {
            if finishes(next.end, best, &known) {
                can = true
                break
            }
        }
        known[end] = can
        return can
    }
}
