/// Matches the visitors of one partition after the other and counts how far they get.
///
/// A *unit* is what is counted: a visitor, a session of theirs, or an attempt. Its chains are looked for once over all
/// of the range and once for each interval that one can begin in, each time by the funnel of the required steps and by
/// that of each optional one.
struct FunnelWorker {
    /// What the workers of a query share.
    struct Setting: Sendable {
        let plan: FunnelPlan
        let intervals: Intervals?
        let order: FunnelKeyOrder
        /// The group of what has no value of `by`.
        let noValue: UInt32
        /// Whose visitors are listed; `nil` to count.
        let listed: FunnelVisitorsQuery.Target?
        let execution: Execution
    }

    /// A visitor to list.
    struct Listed: Sendable {
        var segment: UInt32
        var ordinal: UInt32
        /// How many of their units are meant.
        var count: Int
    }

    /// A search within one interval, or overall.
    private struct Span {
        var starts: ClosedRange<Int64>
        var interval: UInt32?
    }

    private let setting: Setting
    private let plan: FunnelPlan
    private let startBits: UInt32
    private let needsTimes: Bool
    private(set) var tally: FunnelTally
    private(set) var listed: [Listed] = []
    private var listedUnits = 0
    private var gathered: FunnelGather.Gathered
    private var held = 0
    /// The funnel of the required steps, then those of the optional ones.
    private var searches: [FunnelSearch]
    private var dropper: FunnelDropper?
    private var sessions = FunnelSessions()
    private var values = FunnelValueCut()
    private var spans: [Span] = []
    private var outcomes: [FunnelOutcome] = []
    private var other = FunnelOutcome()
    private var rowNumbers: [Int?] = []

    init(_ setting: Setting) {
        self.setting = setting
        plan = setting.plan
        let query = plan.query
        let execution = setting.execution
        gathered = FunnelGather.Gathered(execution)
        let check = { () throws(QueryError) in try execution.check() }
        startBits = query.order == .anyOrder ? FunnelShape.bits(below: plan.main.count) : 1
        needsTimes = query.timeToConvert != nil || !query.same.isEmpty
        tally = FunnelTally(steps: query.steps.count, keepsTimes: query.timeToConvert != nil)
        searches = ([plan.main] + plan.extras).map { FunnelSearch($0, order: query.order, check: check) }
        dropper = plan.drops.isEmpty ? nil : FunnelDropper(plan)
    }

    /// Gathers and matches one partition.
    mutating func scan(_ partition: Int, _ gather: FunnelGather) throws(QueryError) {
        let visitors = try gather.gather(partition, into: &gathered)
        try gathered.events.forEachVisitor(visitors) { (events) throws(QueryError) in
            try visitor(events)
        }
        let bytes = tally.bytes + listed.capacity * MemoryLayout<Listed>.stride
        if bytes > held {
            try setting.execution.memory.hold(bytes - held)
            held = bytes
        }
    }

    private mutating func visitor(_ events: FunnelEvents) throws(QueryError) {
        listedUnits = 0
        if plan.query.count == .sessions {
            // Taken out while it is used, so that it is not copied.
            var sessions = FunnelSessions()
            swap(&sessions, &self.sessions)
            try sessions.forEach(events, isStrict: plan.query.order == .strictOrder) { (session) throws(QueryError) in
                try unit(session)
            }
            swap(&sessions, &self.sessions)
        } else {
            try unit(events)
        }
        if listedUnits > 0, let event = events.first?.payload {
            listed.append(Listed(segment: event.segment, ordinal: event.ordinal, count: listedUnits))
        }
    }

    /// Whether a chain may begin with an event.
    private func isStart(_ event: FunnelEvent) -> Bool {
        event.steps & startBits != 0 && (plan.query.same.isEmpty || event.values > 0)
    }

    private mutating func unit(_ events: FunnelEvents) throws(QueryError) {
        guard let first = events.first(where: { isStart($0.payload) })?.time else { return }
        let isFirst = plan.query.attempt == .first
        let starts = isFirst ? first...first : Int64.min...Int64.max
        if dropper != nil {
            var isDropped = false
            try forEachSequence(events) { (worker, events) throws(QueryError) in
                if !isDropped { isDropped = try worker.dropper?.drops(events, starts: starts) ?? false }
            }
            if isDropped { return }
        }
        if plan.query.count == .attempts, !isFirst {
            try forEachSequence(events) { (worker, events) throws(QueryError) in try worker.attempts(events) }
            return
        }
        makeSpans(events, starts)
        prepareOutcomes(spans.count)
        try forEachSequence(events) { (worker, events) throws(QueryError) in try worker.search(events) }
        for (number, span) in spans.enumerated() {
            try settle(number * searches.count, interval: span.interval)
        }
    }

    /// Calls `body` with the events among which chains are looked for: all of them, or with `same` those of each value.
    private mutating func forEachSequence(
        _ events: FunnelEvents, _ body: (inout FunnelWorker, FunnelEvents) throws(QueryError) -> Void
    ) throws(QueryError) {
        if plan.query.same.isEmpty {
            try body(&self, events)
            return
        }
        var cut = FunnelValueCut()
        swap(&cut, &values)
        cut.sort(events, gathered.values, keepsAll: plan.query.order == .strictOrder)
        while let sequence = cut.next(events) {
            try setting.execution.check()
            try sequence.withUnsafeBufferPointer { (sequence) throws(QueryError) in try body(&self, sequence) }
        }
        swap(&cut, &values)
    }

    /// The searches of a unit: one overall, and one for each interval that a chain may begin in.
    private mutating func makeSpans(_ events: FunnelEvents, _ starts: ClosedRange<Int64>) {
        spans.removeAll(keepingCapacity: true)
        spans.append(Span(starts: starts, interval: nil))
        guard let intervals = setting.intervals else { return }
        var end = Int64.min
        for event in events where event.time >= end && starts.contains(event.time) && isStart(event.payload) {
            guard let number = intervals.index(of: event.time) else { continue }
            end = intervals.boundaries[number + 1]
            spans.append(
                Span(
                    starts: max(starts.lowerBound, intervals.boundaries[number])...min(starts.upperBound, end - 1),
                    interval: UInt32(number)))
        }
    }

    private mutating func prepareOutcomes(_ spans: Int) {
        let count = spans * searches.count
        while outcomes.count < count { outcomes.append(FunnelOutcome()) }
        for index in 0..<count { outcomes[index].found = FunnelFound() }
    }

    /// Looks for better chains than there are among some events.
    private mutating func search(_ events: FunnelEvents) throws(QueryError) {
        for (number, span) in spans.enumerated() {
            // The first event of the interval, by binary search: a chain needs none before its start.
            let first = number == 0 ? 0 : events.firstPosition(notBefore: span.starts.lowerBound)
            if number > 0 { try setting.execution.check() }
            try search(events, from: first, starts: span.starts, into: number * searches.count)
        }
    }

    private mutating func search(
        _ events: FunnelEvents, from first: Int, starts: ClosedRange<Int64>, into base: Int
    ) throws(QueryError) {
        for number in searches.indices {
            let found = try searches[number].best(events, from: first, starts: starts, fastest: plan.needsChains)
            let isMain = number == 0
            if found.length == 0 || (!isMain && found.length < searches[number].shape.count) { continue }
            let place = base + number
            if outcomes[place].found.isWorse(than: found) {
                try describe(number, events, first, found, into: place)
            } else if plan.needsChains, outcomes[place].found.isEqual(to: found) {
                swap(&other, &outcomes[place])
                try describe(number, events, first, found, into: place)
                if try isBetter(other, than: outcomes[place]) { swap(&other, &outcomes[place]) }
            }
        }
    }

    /// Whether one of two equally good chains has the earlier events, or the lesser value of `by`.
    private func isBetter(_ one: FunnelOutcome, than other: FunnelOutcome) throws(QueryError) -> Bool {
        if one.times != other.times { return one.times.lexicographicallyPrecedes(other.times) }
        return try setting.order.precedes(gathered.keys[one.keys], gathered.keys[other.keys])
    }

    private mutating func describe(
        _ number: Int, _ events: FunnelEvents, _ first: Int, _ found: FunnelFound, into place: Int
    ) throws(QueryError) {
        outcomes[place].found = found
        guard plan.needsChains, number == 0 || needsTimes else { return }
        let attributed = number == 0 && !plan.query.by.isEmpty ? plan.attributed(found.length) : nil
        if !needsTimes {
            outcomes[place].keys = 0..<0
            guard let attributed else { return }
            // The first or last event need not be searched for where it is alone at its time.
            let time = attributed == 1 ? found.start : attributed == found.length ? found.end : nil
            if let time {
                let position = events.firstPosition(notBefore: time)
                if position + 1 == events.count || events[position + 1].time != time {
                    outcomes[place].keys = events[position].payload.keyRange
                    return
                }
            }
        }
        try searches[number].describe(
            events, from: first, found, attributed: attributed, order: setting.order, keys: gathered.keys,
            into: &outcomes[place])
    }

    /// Counts every attempt: when a chain is complete or its window has run out, the next one begins with the first
    /// step 1 of a later time.
    private mutating func attempts(_ events: FunnelEvents) throws(QueryError) {
        var position = 0
        var work = 0
        while position < events.count {
            guard isStart(events[position].payload) else {
                position += 1
                continue
            }
            work += 1
            if work % 256 == 0 { try setting.execution.check() }
            let start = events[position].time
            let first = events.firstPosition(notBefore: start)
            prepareOutcomes(1)
            try search(events, from: first, starts: start...start, into: 0)
            let found = outcomes[0].found
            if plan.main.count == 1 {
                // Each event is an attempt of its own, with its own value.
                outcomes[0].keys = events[position].payload.keyRange
            }
            try settle(0, interval: nil)
            if let number = setting.intervals?.index(of: start) { try settle(0, interval: UInt32(number)) }
            if plan.main.count == 1 {
                position += 1
                continue
            }
            var end = found.end
            if found.length < plan.main.count {
                let (last, overflow) = start.addingReportingOverflow(plan.main.window)
                if overflow { return }
                end = last
            }
            if end == .max { return }
            position = events.firstPosition(notBefore: end + 1)
        }
    }

    // MARK: Counting

    /// Counts what a search has come to.
    private mutating func settle(_ base: Int, interval: UInt32?) throws(QueryError) {
        let length = outcomes[base].found.length
        guard length > 0 else { return }
        if let target = setting.listed {
            if interval == nil, isMeant(target, base) { listedUnits += 1 }
            return
        }
        try chooseRows(base, interval)
        for row in rowNumbers {
            for position in 0..<length {
                tally.count(plan.required[position], row: row)
                if tally.keepsTimes, position > 0 {
                    let times = outcomes[base].times
                    try tally.keep(
                        times[position].subtractingClamped(times[position - 1]), step: plan.required[position], row: row
                    )
                }
            }
            for (number, step) in plan.optional.enumerated() {
                let outcome = outcomes[base + 1 + number]
                guard outcome.found.length > 0 else { continue }
                tally.count(step, row: row)
                if tally.keepsTimes {
                    let last = outcome.times.count - 1
                    try tally.keep(
                        outcome.times[last].subtractingClamped(outcome.times[last - 1]), step: step, row: row)
                }
            }
        }
        if tally.keepsTimes, interval == nil, length == plan.main.count {
            try tally.keepConversion(outcomes[base].found.duration)
        }
    }

    /// The rows that an outcome counts in; `nil` is overall.
    private mutating func chooseRows(_ base: Int, _ interval: UInt32?) throws(QueryError) {
        rowNumbers.removeAll(keepingCapacity: true)
        if interval == nil { rowNumbers.append(nil) }
        if plan.query.by.isEmpty {
            if let interval { rowNumbers.append(try tally.row(FunnelTally.Row(interval: interval, group: 0))) }
            return
        }
        let keys = outcomes[base].keys
        for index in keys {
            let group = gathered.keys[index]
            rowNumbers.append(
                try tally.row(FunnelTally.Row(interval: interval ?? FunnelTally.noInterval, group: group)))
        }
        if keys.isEmpty {
            rowNumbers.append(
                try tally.row(FunnelTally.Row(interval: interval ?? FunnelTally.noInterval, group: setting.noValue)))
        }
    }

    /// Whether a unit has come to a step, or to the one before and not to it.
    private func isMeant(_ target: FunnelVisitorsQuery.Target, _ base: Int) -> Bool {
        let step = target.step - 1
        let before: Int
        let isReached: Bool
        if let number = plan.optional.firstIndex(of: step) {
            before = plan.required.count { $0 < step }
            isReached = outcomes[base + 1 + number].found.length > 0
        } else {
            before = plan.required.firstIndex(of: step) ?? 0
            isReached = outcomes[base].found.length > before
        }
        switch target.outcome {
        case .reached: return isReached
        case .dropped: return !isReached && before > 0 && outcomes[base].found.length >= before
        }
    }
}

extension UnsafeBufferPointer<VisitorEvents<FunnelEvent>.Entry> {
    /// The position of the first event that is not before a time.
    ///
    /// - Complexity: O(log events).
    func firstPosition(notBefore time: Int64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].time < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
