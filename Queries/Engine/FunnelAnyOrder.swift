/// Finds the best chain of one visitor (or session) whose steps may come in any order: the most steps that different
/// events of one window can take.
///
/// An exclusion may stand before a chain's first event and after its last, or be one of its events, but not be left out
/// in between. Exclusions that different steps could take are no obstacle, for a matching of as many steps as possible
/// can take them too; so what bounds a chain is the latest exclusion that could not be taken with all later ones.
///
/// Not thread-safe; reused for many visitors without allocating.
struct FunnelAnyOrder {
    /// Where an event of the traced chain stands.
    struct Stop {
        var time: Int64
        var events: Range<Int>
    }

    let shape: FunnelShape
    var basis: FunnelBasis
    var exclusions: FunnelBasis
    /// The events of the traced chain, in order of time.
    var stops: [Stop] = []
    var traced = FunnelFound()

    /// Called once a start where each is tried for itself; throws when the query's time is over.
    let check: () throws(QueryError) -> Void

    init(_ shape: FunnelShape, check: @escaping () throws(QueryError) -> Void) {
        self.shape = shape
        self.check = check
        basis = FunnelBasis(steps: shape.count)
        exclusions = FunnelBasis(steps: shape.count)
    }

    /// The best chain that begins within a time; see ``FunnelChains/best(_:from:starts:fastest:)``.
    mutating func best(
        _ events: FunnelEvents, from first: Int, starts: ClosedRange<Int64>, fastest: Bool
    ) throws(QueryError) -> FunnelFound {
        if needsEachStart(events, starts) {
            return try bestOfEachStart(events, from: first, starts: starts)
        }
        basis.clear()
        exclusions.clear()
        var found = FunnelFound()
        let stopsAtFirst = !fastest || starts.lowerBound == starts.upperBound
        var bound = starts.lowerBound
        // The last event that a chain may begin with.
        var latestStart: Int64?
        var position = first
        while position < events.count {
            let now = events[position].time
            if now > starts.upperBound {
                guard let latestStart, now.subtractingClamped(latestStart) <= shape.window, latestStart >= bound else {
                    break
                }
            }
            var end = position
            var union: UInt32 = 0
            var excludes: UInt32 = 0
            while end < events.count, events[end].time == now {
                let mask = shape.project(events[end].payload.steps)
                if !shape.strictIncrease, mask != 0 { _ = basis.addLatest(mask, now) }
                union |= mask
                excludes |= events[end].payload.excludes & shape.stopBits
                end &+= 1
            }
            if union != 0 {
                if shape.strictIncrease { _ = basis.addLatest(union, now) }
                if now >= starts.lowerBound, now <= starts.upperBound { latestStart = now }
                let (earliest, isBeforeAll) = now.subtractingReportingOverflow(shape.window)
                let (count, start) = basis.latest(since: isBeforeAll ? bound : max(earliest, bound))
                if count > 0, let latestStart, latestStart >= bound,
                    now.subtractingClamped(latestStart) <= shape.window
                {
                    found.note(count, min(start, latestStart), now)
                    if found.length == shape.count, stopsAtFirst { break }
                }
            }
            if excludes != 0 { bound = max(bound, exclude(events, position..<end, now, union)) }
            position = end
        }
        return found
    }

    /// Takes the exclusions of one time.
    ///
    /// - Returns: the earliest time at which a chain may begin that goes on after now.
    private mutating func exclude(_ events: FunnelEvents, _ range: Range<Int>, _ now: Int64, _ union: UInt32) -> Int64 {
        var bound = Int64.min
        var isTaken = false
        for index in range where events[index].payload.excludes & shape.stopBits != 0 {
            // Of one time a strictly increasing chain has one event, so that only one exclusion can be taken.
            let mask = shape.strictIncrease && isTaken ? 0 : shape.project(events[index].payload.steps)
            if let lost = exclusions.addLatest(mask, now) { bound = max(bound, lost) }
            isTaken = true
        }
        return bound
    }

    /// Whether any chain that begins within a time passes over an event that drops its visitor.
    ///
    /// A chain that does so has a first and a last event that would do so alone.
    func drops(_ events: FunnelEvents, bits: UInt32, starts: ClosedRange<Int64>) -> Bool {
        // The latest event before the last exclusion, and the latest that can take another step than that one.
        var latest: (mask: UInt32, time: Int64)?
        var other: (mask: UInt32, time: Int64)?
        var candidates = (latest, other)
        var position = 0
        while position < events.count {
            let now = events[position].time
            var end = position
            var isExclusion = false
            while end < events.count, events[end].time == now {
                let payload = events[end].payload
                let mask = shape.project(payload.steps)
                isExclusion = isExclusion || payload.excludes & bits != 0
                if isWithin(candidates.0, mask, now) || isWithin(candidates.1, mask, now) { return true }
                end += 1
            }
            if isExclusion { candidates = (latest, other) }
            if now >= starts.lowerBound, now <= starts.upperBound {
                for index in position..<end {
                    let mask = shape.project(events[index].payload.steps)
                    guard mask != 0 else { continue }
                    if let old = latest, FunnelAnyOrder.areDifferent(old.mask, mask) { other = old }
                    latest = (mask, now)
                }
            }
            position = end
        }
        return false
    }

    private func isWithin(_ first: (mask: UInt32, time: Int64)?, _ mask: UInt32, _ now: Int64) -> Bool {
        guard let first, FunnelAnyOrder.areDifferent(first.mask, mask) else { return false }
        return now.subtractingClamped(first.time) <= shape.window
    }

    private static func areDifferent(_ one: UInt32, _ other: UInt32) -> Bool {
        one != 0 && other != 0 && (one | other).nonzeroBitCount > 1
    }
}
