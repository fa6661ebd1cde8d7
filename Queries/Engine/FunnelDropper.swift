/// Tells whether a unit's events have it dropped from the funnel, in order of steps or in any.
struct FunnelDropper {
    private let bits: UInt32
    private var inOrder: FunnelDrops
    private var anyOrder: FunnelAnyOrder?

    init(_ plan: FunnelPlan) {
        bits = plan.drops.reduce(0) { $0 | $1.bit }
        inOrder = FunnelDrops(plan.unstopped, spans: plan.drops)
        if plan.query.order == .anyOrder { anyOrder = FunnelAnyOrder(plan.unstopped, check: {}) }
    }

    /// Whether a chain that begins within a time passes over an event that drops its visitor.
    mutating func drops(_ events: FunnelEvents, starts: ClosedRange<Int64>) throws(QueryError) -> Bool {
        if let anyOrder { return anyOrder.drops(events, bits: bits, starts: starts) }
        return try inOrder.drops(events, starts: starts)
    }
}
