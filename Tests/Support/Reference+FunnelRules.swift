/// An event as chains see it.
struct FunnelCandidate {
    let index: Int
    let time: Int64
    /// Steps it can take.
    var takes: Set<Int>
    /// Steps it matches, whether or not its value of `same` lets it take them.
    let repeats: Set<Int>
    let excludes: Set<Int>
    let values: [[Text?]]
    let keys: [[Text?]]
}

/// The rules of one funnel query.
struct FunnelRules {
    struct Exclusion {
        let after: Int
        let before: Int
        let drops: Bool
    }

    let steps: [JSON]
    let required: [Int]
    let optional: [Int]
    let window: Int64
    let strictIncrease: Bool
    let order: String
    let isFirst: Bool
    let countsAttempts: Bool
    let same: [String]
    let exclusions: [Exclusion]
    private let exclude: [JSON]
    let within: [Int64?]
    /// `first`, `last`, or the number of a step.
    let attribution: JSON
    let hasKeys: Bool

    init(_ query: JSON) throws(ReferenceError) {
        let all = query["steps"]?.array ?? []
        steps = all
        required = all.indices.filter { all[$0]["optional"]?.bool != true }
        optional = all.indices.filter { all[$0]["optional"]?.bool == true }
        window = try Reference.duration(query["window"] ?? "7d")
        strictIncrease = query["strict_increase"]?.bool ?? false
        order = query["order"]?.text ?? "sequential"
        isFirst = query["attempt"]?.text == "first"
        countsAttempts = query["count"]?.text == "attempts"
        same = query["same"]?.array?.compactMap(\.text) ?? query["same"]?.text.map { [$0] } ?? []
        exclude = query["exclude"]?.array ?? []
        exclusions = exclude.map {
            Exclusion(
                after: Int($0["after"]?.int ?? 1), before: Int($0["before"]?.int ?? Int64(all.count)),
                drops: $0["policy"]?.text == "drop")
        }
        var within: [Int64?] = []
        for step in all {
            guard let longest = step["within"] else {
                within.append(nil)
                continue
            }
            within.append(try Reference.duration(longest))
        }
        self.within = within
        attribution = query["attribution"] ?? "first"
        hasKeys = query["by"] != nil
    }

    func steps(_ event: ReferenceEvent) throws(ReferenceError) -> Set<Int> {
        var matched: Set<Int> = []
        for (number, step) in steps.enumerated() where try takes(step, event) { matched.insert(number) }
        return matched
    }

    func exclusions(_ event: ReferenceEvent) throws(ReferenceError) -> Set<Int> {
        var matched: Set<Int> = []
        for (number, exclusion) in exclude.enumerated() where try takes(exclusion, event) { matched.insert(number) }
        return matched
    }

    private func takes(_ step: JSON, _ event: ReferenceEvent) throws(ReferenceError) -> Bool {
        if let alternatives = step["any"]?.array {
            for alternative in alternatives where try takes(alternative, event) { return true }
            return false
        }
        if let name = step["event"]?.text, event.name != Text(name) { return false }
        return try ReferenceFilter(json: step["where"] ?? []).holds(event)
    }

    /// The event of a chain of a length that the value of `by` is read at, from 1.
    func attributed(_ length: Int) -> Int? {
        switch attribution.text {
        case "last": return length
        case nil:
            let step = Int(attribution.int ?? 1)
            let place = order == "any_order" ? step : (required.firstIndex(of: step - 1) ?? 0) + 1
            return place <= length ? place : nil
        default: return 1
        }
    }
}

/// A chain found by exhaustive search: how long, when, the times of its events, and the values at one of them.
struct FunnelChain {
    var length = 0
    var start: Int64 = 0
    var end: Int64 = 0
    var times: [Int64] = []
    var keys: [[Text?]] = []

    /// Longer, then faster, then earlier, then with earlier events, then with lesser values.
    func isBetter(than other: FunnelChain) -> Bool {
        if length != other.length { return length > other.length }
        if end - start != other.end - other.start { return end - start < other.end - other.start }
        if start != other.start { return start < other.start }
        if times != other.times { return times.lexicographicallyPrecedes(other.times) }
        return FunnelChain.isLess(keys, other.keys)
    }

    static func isLess(_ one: [[Text?]], _ other: [[Text?]]) -> Bool {
        let one = one.sorted { precedes($0, $1) }
        let other = other.sorted { precedes($0, $1) }
        for (left, right) in zip(one, other) where left != right { return precedes(left, right) }
        return one.count < other.count
    }
}

/// Plays the events of one visitor or session.
struct FunnelCounting {
    let rules: FunnelRules
    /// In order of time.
    let events: [FunnelCandidate]
    let visitor: Text

    func results(_ intervals: [FunnelInterval]?) -> [FunnelResult] {
        let sequences = sequences
        let firstStart = sequences.joined().filter { isStart($0) }.map(\.time).min()
        guard let firstStart else { return [] }
        let starts = rules.isFirst ? firstStart...firstStart : Int64.min...Int64.max
        if rules.exclusions.contains(where: \.drops), sequences.contains(where: { drops($0, starts) }) { return [] }
        if rules.countsAttempts, !rules.isFirst {
            return sequences.flatMap { attempts($0, intervals) }
        }
        var results = [result(sequences, starts, interval: nil)]
        for interval in intervals ?? [] {
            let begin = max(starts.lowerBound, interval.start)
            let end = min(starts.upperBound, interval.end - 1)
            if begin <= end { results.append(result(sequences, begin...end, interval: interval.start)) }
        }
        return results.compactMap { $0 }
    }

    private func isStart(_ event: FunnelCandidate) -> Bool {
        rules.order == "any_order" ? !event.takes.isEmpty : event.takes.contains(0)
    }

    /// The events among which chains are looked for: all, or with `same` once for each value, where only its events
    /// can be taken.
    private var sequences: [[FunnelCandidate]] {
        if rules.same.isEmpty { return [events] }
        return Set(events.flatMap(\.values)).map { value in
            events.map { event in
                var event = event
                if !event.values.contains(value) { event.takes = [] }
                return event
            }
        }
    }

    private func drops(_ events: [FunnelCandidate], _ starts: ClosedRange<Int64>) -> Bool {
        rules.order == "any_order"
            ? FunnelAnyOrderSearch(rules: rules, events: events).drops(starts)
            : FunnelSearch(rules: rules, steps: rules.required, events: events).drops(starts)
    }

    private func best(
        _ steps: [Int], _ events: [FunnelCandidate], _ starts: ClosedRange<Int64>, hasKeys: Bool
    ) -> FunnelChain {
        rules.order == "any_order"
            ? FunnelAnyOrderSearch(rules: rules, events: events).best(starts)
            : FunnelSearch(rules: rules, steps: steps, events: events).best(starts, hasKeys: hasKeys)
    }

    /// What chains that begin within a time come to.
    private func result(
        _ sequences: [[FunnelCandidate]], _ starts: ClosedRange<Int64>, interval: Int64?
    ) -> FunnelResult? {
        func overall(_ steps: [Int], hasKeys: Bool) -> FunnelChain {
            sequences.map { best(steps, $0, starts, hasKeys: hasKeys) }
                .reduce(FunnelChain()) { $1.isBetter(than: $0) ? $1 : $0 }
        }
        let chain = overall(rules.required, hasKeys: true)
        guard chain.length > 0 else { return nil }
        var result = FunnelResult(visitor: visitor, interval: interval)
        for place in 0..<chain.length {
            result.reached.insert(rules.required[place])
            if place > 0 { result.times[rules.required[place]] = chain.times[place] - chain.times[place - 1] }
        }
        if chain.length == rules.required.count { result.conversion = chain.end - chain.start }
        for step in rules.optional {
            let steps = rules.required.filter { $0 < step } + [step]
            let chain = overall(steps, hasKeys: false)
            guard chain.length == steps.count else { continue }
            result.reached.insert(step)
            result.times[step] = chain.times[chain.length - 1] - chain.times[chain.length - 2]
        }
        if rules.hasKeys {
            result.keys = rules.attributed(chain.length) == nil ? [] : chain.keys
            if result.keys.isEmpty { result.keys = [noKey] }
        }
        return result
    }

    private var noKey: [Text?] { [Text?](repeating: nil, count: events.first?.keys.first?.count ?? 1) }

    private func attempts(_ events: [FunnelCandidate], _ intervals: [FunnelInterval]?) -> [FunnelResult] {
        var results: [FunnelResult] = []
        func add(_ result: FunnelResult?, _ start: Int64) {
            guard let result else { return }
            results.append(result)
            guard let interval = intervals?.first(where: { $0.start <= start && start < $0.end }) else { return }
            var own = FunnelResult(visitor: visitor, interval: interval.start)
            (own.reached, own.times, own.conversion, own.keys) = (
                result.reached, result.times, result.conversion, result.keys
            )
            results.append(own)
        }
        if rules.required.count == 1 {
            for event in events where isStart(event) {
                var own = result([events], event.time...event.time, interval: nil)
                if rules.hasKeys { own?.keys = rules.attributed(1) == nil ? [noKey] : event.keys }
                add(own, event.time)
            }
            return results
        }
        var after = Int64.min
        while let start = events.first(where: { isStart($0) && $0.time > after })?.time {
            add(result([events], start...start, interval: nil), start)
            let chain = best(rules.required, events, start...start, hasKeys: false)
            if chain.length == rules.required.count {
                after = chain.end
            } else {
                let (end, overflow) = start.addingReportingOverflow(rules.window)
                if overflow { break }
                after = end
            }
        }
        return results
    }
}
