/// The exhaustive search over the chains of one visitor or session whose steps come in any order: every event of a
/// window is taken for every step, or left.
struct FunnelAnyOrderSearch {
    let rules: FunnelRules
    /// In order of time.
    let events: [FunnelCandidate]

    /// How far the events of a window have been gone through.
    private struct State: Hashable {
        let position: Int
        /// The steps that have an event, as bits.
        let taken: Int
        /// Whether an event of the current time has been taken.
        let hasTaken: Bool
    }

    /// Whether an event must not be left out of a chain between two times.
    private func isForced(_ event: FunnelCandidate, _ start: Int64, _ end: Int64) -> Bool {
        event.time > start && event.time < end && event.excludes.contains { !rules.exclusions[$0].drops }
    }

    /// The best chain that begins within a time.
    func best(_ starts: ClosedRange<Int64>) -> FunnelChain {
        var best = FunnelChain()
        let times = Array(Set(events.filter { !$0.takes.isEmpty }.map(\.time))).sorted()
        for start in times where starts.contains(start) {
            for end in times where end >= start && end - start <= rules.window {
                let length = mostSteps(start, end)
                let chain = FunnelChain(length: length, start: start, end: end, times: best.times, keys: best.keys)
                if length > 0, chain.isBetter(than: best) { best = chain }
            }
        }
        guard best.length > 0 else { return best }
        best.times = []
        best.times = chainTimes(best, holding: nil) ?? []
        best.keys = []
        if rules.hasKeys, let place = rules.attributed(best.length) {
            let time = best.times[place - 1]
            let able = events.filter { event in
                event.time == time && !event.takes.isEmpty
                    && chainTimes(best, holding: event.index).map { $0 == best.times } ?? false
            }
            let keys = able.map(\.keys)
            best.keys = keys.dropFirst().reduce(keys.first ?? []) { FunnelChain.isLess($1, $0) ? $1 : $0 }
        }
        return best
    }

    /// The most steps that events of a window can take, with one of its first and one of its last time among them; 0
    /// if there is no such chain.
    private func mostSteps(_ start: Int64, _ end: Int64) -> Int {
        // By set of steps, as bits: whether events so far can have taken exactly these, before this time and with it.
        let none = [Bool](repeating: false, count: 1 << rules.steps.count)
        var open = none
        open[0] = true
        var here = none
        var time = start
        func close() {
            for taken in open.indices {
                // The first and the last time need an event.
                open[taken] = here[taken] || (open[taken] && time != start && time != end)
            }
            here = none
        }
        for event in events where event.time >= start && event.time <= end {
            if event.time != time {
                close()
                time = event.time
            }
            var more = none
            for taken in open.indices where open[taken] || (here[taken] && !rules.strictIncrease) {
                for step in event.takes where taken & (1 << step) == 0 { more[taken | 1 << step] = true }
            }
            if isForced(event, start, end) {
                // Whoever has left it out is no chain.
                here = more
                open = none
            } else {
                for taken in here.indices where more[taken] { here[taken] = true }
            }
        }
        close()
        return time == end ? open.indices.filter { open[$0] }.map(\.nonzeroBitCount).max() ?? 0 : 0
    }

    /// The earliest times of a chain of known length, first and last time.
    ///
    /// - Parameter holding: an event that it must have.
    private func chainTimes(_ chain: FunnelChain, holding: Int?) -> [Int64]? {
        var known: [State: [Int64]?] = [:]
        let window = events.filter { $0.time >= chain.start && $0.time <= chain.end }
        func earliest(_ state: State) -> [Int64]? {
            if state.position == window.count { return state.taken.nonzeroBitCount == chain.length ? [] : nil }
            if let answer = known[state] { return answer }
            let event = window[state.position]
            let isNewTime = state.position == 0 || window[state.position - 1].time != event.time
            let hasTaken = isNewTime ? false : state.hasTaken
            let isLastOfTime =
                state.position + 1 == window.count || window[state.position + 1].time != event.time
            let needsOne = isLastOfTime && (event.time == chain.start || event.time == chain.end)
            var least: [Int64]?
            if !rules.strictIncrease || !hasTaken {
                for step in event.takes where state.taken & (1 << step) == 0 {
                    let next = State(
                        position: state.position + 1, taken: state.taken | 1 << step, hasTaken: true)
                    guard let rest = earliest(next) else { continue }
                    let times = [event.time] + rest
                    if least.map({ times.lexicographicallyPrecedes($0) }) ?? true { least = times }
                }
            }
            let mustTake = isForced(event, chain.start, chain.end) || event.index == holding
            if !mustTake, !needsOne || hasTaken {
                let next = State(position: state.position + 1, taken: state.taken, hasTaken: hasTaken)
                if let times = earliest(next), least.map({ times.lexicographicallyPrecedes($0) }) ?? true {
                    least = times
                }
            }
            known[state] = .some(least)
            return least
        }
        return earliest(State(position: 0, taken: 0, hasTaken: false))
    }

    /// Whether two events that a chain could have stand around an exclusion that drops the visitor.
    func drops(_ starts: ClosedRange<Int64>) -> Bool {
        let excluded = events.filter { $0.excludes.contains { rules.exclusions[$0].drops } }.map(\.time)
        for first in events where !first.takes.isEmpty && starts.contains(first.time) {
            for last in events where last.time > first.time && last.time - first.time <= rules.window {
                guard !last.takes.isEmpty, first.takes.union(last.takes).count > 1 else { continue }
                if excluded.contains(where: { $0 > first.time && $0 < last.time }) { return true }
            }
        }
        return false
    }
}
