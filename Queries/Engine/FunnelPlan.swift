/// A funnel query brought into the form that its events are gathered and matched in.
struct FunnelPlan: Sendable {
    let query: FunnelQuery
    /// The query's steps that are not optional, by position from 0; their bits in an event are their positions.
    let required: [Int]
    /// The query's optional steps; their bits follow those of the required ones.
    let optional: [Int]
    /// The funnel of the required steps.
    let main: FunnelShape
    /// For each optional step the required ones before it and itself.
    let extras: [FunnelShape]
    /// Exclusions that drop a visitor, in positions of ``main``, and a shape that they do not stop.
    let drops: [FunnelShape.Span]
    let unstopped: FunnelShape
    /// The step bits of events whose values of `by` are wanted.
    let keyBits: UInt32

    init(_ query: FunnelQuery) {
        self.query = query
        let must = query.steps.indices.filter { !query.steps[$0].optional }
        let may = query.steps.indices.filter { query.steps[$0].optional }
        required = must
        optional = may
        let order = must + may
        func bit(_ step: Int) -> UInt32 { 1 << UInt32(order.firstIndex(of: step) ?? 0) }

        func shape(_ steps: [Int], extra: Int?, stops: Bool) -> FunnelShape {
            var within = [Int64](repeating: .max, count: steps.count + 1)
            var passing = [UInt32](repeating: 0, count: steps.count + 1)
            for (position, step) in steps.enumerated() {
                if position > 0 { within[position] = query.steps[step].withinMs ?? .max }
                passing[position + 1] = bit(step)
                // In strict order an optional step does not break the chain between the steps it stands between.
                let next = position + 1 < steps.count ? steps[position + 1] : step
                for other in may where other > step && other < next { passing[position + 1] |= bit(other) }
            }
            return FunnelShape(
                required: extra == nil ? steps.count : steps.count - 1,
                extra: extra.map { must.count + $0 },
                window: query.windowMs, strictIncrease: query.strictIncrease,
                strictOrder: query.order == .strictOrder, within: within, passing: passing,
                stops: stops ? spans(.stop, steps) : [])
        }
        func spans(_ policy: FunnelExclusion.Policy, _ steps: [Int]) -> [FunnelShape.Span] {
            query.exclude.enumerated().filter { $0.element.policy == policy }.map { index, exclusion in
                // An optional step that is not of the shape gives way to the step before it, or after it.
                let after = steps.lastIndex { $0 < exclusion.after } ?? 0
                let before = steps.firstIndex { $0 >= exclusion.before - 1 } ?? steps.count
                let (first, end) = (after + 1, before + 1)
                let positions =
                    FunnelShape.bits(below: end - 1) & ~FunnelShape.bits(below: first - 1)
                return FunnelShape.Span(bit: 1 << UInt32(index), after: first, before: end, positions: positions)
            }
        }
        main = shape(must, extra: nil, stops: true)
        extras = may.enumerated().map { number, step in
            shape(must.filter { $0 < step } + [step], extra: number, stops: true)
        }
        drops = spans(.drop, must)
        unstopped = shape(must, extra: nil, stops: false)
        keyBits =
            query.by.isEmpty
            ? 0 : FunnelPlan.keyBits(query, required: must)
    }

    private static func keyBits(_ query: FunnelQuery, required: [Int]) -> UInt32 {
        if query.order == .anyOrder { return FunnelShape.bits(below: required.count) }
        switch query.attribution {
        case .first: return 1
        case .last: return FunnelShape.bits(below: required.count)
        case .step(let number): return 1 << UInt32(required.firstIndex(of: number - 1) ?? 0)
        }
    }

    /// The query's step for each bit of an event.
    var steps: [Int] { required + optional }

    /// At which event of a chain of a length the value of `by` is read, from 1; `nil` if the chain does not get there.
    func attributed(_ length: Int) -> Int? {
        switch query.attribution {
        case .first: return 1
        case .last: return length
        case .step(let number):
            let place = query.order == .anyOrder ? number : (required.firstIndex(of: number - 1) ?? 0) + 1
            return place <= length ? place : nil
        }
    }

    /// Whether answering takes more than the length of each chain.
    var needsChains: Bool { !query.by.isEmpty || query.timeToConvert != nil }
}
