/// Finds out whether any chain of a visitor (or session) passes over an event that drops them, in order of steps.
///
/// The exclusions do not stop chains here. Beside the chains under way it keeps those that have left such an event
/// behind after their last one; the first that takes another event shows that the visitor is to be dropped.
struct FunnelDrops {
    private let shape: FunnelShape
    private let spans: [FunnelShape.Span]
    private let bits: UInt32
    private var fronts: FunnelFronts
    private var passedOver: FunnelFronts
    private var group: FunnelGroup
    private var exclusions: FunnelGroup
    private var next: [Int64]
    private var passedNext: [Int64]

    /// - Parameter shape: a shape without exclusions.
    init(_ shape: FunnelShape, spans: [FunnelShape.Span]) {
        self.shape = shape
        self.spans = spans
        bits = spans.reduce(0) { $0 | $1.bit }
        fronts = FunnelFronts(shape)
        passedOver = FunnelFronts(shape)
        group = FunnelGroup(shape, spans: [])
        exclusions = FunnelGroup(shape, spans: spans)
        next = Array(repeating: FunnelFronts.none, count: shape.count + 1)
        passedNext = next
    }

    /// Whether a chain that begins within a time passes over an exclusion.
    ///
    /// - Complexity: O(events · steps), as ``FunnelChains``.
    mutating func drops(_ events: FunnelEvents, starts: ClosedRange<Int64>) throws(QueryError) -> Bool {
        guard events.contains(where: { $0.payload.excludes & bits != 0 }) else { return false }
        fronts.clear()
        passedOver.clear()
        var position = 0
        while position < events.count {
            let now = events[position].time
            var end = position + 1
            while end < events.count, events[end].time == now { end += 1 }
            let mayStart = now >= starts.lowerBound && now <= starts.upperBound
            if step(events, position..<end, now, mayStart) { return true }
            position = end
        }
        try group.check()
        try exclusions.check()
        return false
    }

    /// Takes the events of one time.
    ///
    /// - Returns: whether one of them is taken by a chain that has passed over an exclusion.
    private mutating func step(
        _ events: FunnelEvents, _ range: Range<Int>, _ now: Int64, _ mayStart: Bool
    ) -> Bool {
        var union: UInt32 = 0
        var excludes: UInt32 = 0
        for index in range {
            union |= shape.project(events[index].payload.steps)
            excludes |= events[index].payload.excludes & bits
        }
        for length in 1..<max(2, shape.count) where union & (1 << UInt32(length)) != 0 && length < shape.count {
            if passedOver.best(length, now) != FunnelFronts.none { return true }
        }
        group.load(events, range)
        if excludes != 0 { exclusions.load(events, range) }
        for index in next.indices {
            next[index] = FunnelFronts.none
            passedNext[index] = FunnelFronts.none
        }
        for length in 0..<shape.count {
            let start = length == 0 ? (mayStart ? now : FunnelFronts.none) : fronts.best(length, now)
            if start == FunnelFronts.none { continue }
            let top = min(group.reach(from: length), shape.count - 1)
            guard top > length else { continue }
            for to in (length + 1)...top {
                if next[to] < start, group.passes(length, to) { next[to] = start }
                if excludes != 0, length > 0, passedNext[to] < start, exclusions.canPassOver(length, to) {
                    passedNext[to] = start
                }
            }
        }
        settle(excludes, now)
        return false
    }

    /// Which chains go on, and which of them have passed over something.
    private mutating func settle(_ excludes: UInt32, _ now: Int64) {
        for length in 1...shape.count {
            let bit = UInt32(1) << UInt32(length - 1)
            let stays = group.passes(length, length)
            if !stays { passedOver.clear(length) }
            if fronts.alive & bit != 0 {
                // All of these were here before this time, so that they pass over what they do not take.
                if excludes != 0, exclusions.canPassOver(length, length) { passedOver.copy(length, from: fronts) }
                if !stays { fronts.clear(length) }
            }
            if next[length] != FunnelFronts.none { fronts.push(length, start: next[length], last: now) }
            if passedNext[length] != FunnelFronts.none {
                passedOver.push(length, start: passedNext[length], last: now)
            }
        }
    }
}
