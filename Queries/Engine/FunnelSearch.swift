/// What one search for chains has come to: how far, when, and under which values of `by`.
struct FunnelOutcome {
    /// The chain that stands for all: the longest, of those the fastest, of those the first, of those the one whose
    /// events come earliest.
    var found = FunnelFound()
    /// The times of its events; only where they matter.
    var times: [Int64] = []
    /// Where its values of `by` stand among the worker's; empty if it has no event to read them at.
    var keys: Range<Int> = 0..<0
}

/// Finds chains by the rules of one shape, in order of steps or in any, and what is asked about them.
struct FunnelSearch {
    let shape: FunnelShape
    private let isInOrder: Bool
    private var chains: FunnelChains
    private var path: FunnelPath
    private var anyOrder: FunnelAnyOrder
    private var candidates: [Range<Int>] = []

    init(_ shape: FunnelShape, order: FunnelQuery.Order, check: @escaping () throws(QueryError) -> Void) {
        self.shape = shape
        isInOrder = order != .anyOrder
        chains = FunnelChains(shape)
        path = FunnelPath(shape)
        anyOrder = FunnelAnyOrder(shape, check: check)
    }

    /// The best chain that begins within a time; see ``FunnelChains/best(_:from:starts:fastest:)``.
    @inline(__always)
    mutating func best(
        _ events: FunnelEvents, from first: Int, starts: ClosedRange<Int64>, fastest: Bool
    ) throws(QueryError) -> FunnelFound {
        if isInOrder { return try chains.best(events, from: first, starts: starts, fastest: fastest) }
        return try anyOrder.best(events, from: first, starts: starts, fastest: fastest)
    }

    /// Works out the times of a chain's events, and the values of `by` at one of them.
    ///
    /// - Parameter attributed: the number of that event, from 1; `nil` for none.
    mutating func describe(
        _ events: FunnelEvents, from first: Int, _ found: FunnelFound, attributed: Int?, order: FunnelKeyOrder,
        keys: [UInt32], into outcome: inout FunnelOutcome
    ) throws(QueryError) {
        outcome.found = found
        outcome.keys = 0..<0
        outcome.times.removeAll(keepingCapacity: true)
        candidates.removeAll(keepingCapacity: true)
        if isInOrder {
            try path.trace(events, from: first, found)
            for stop in path.stops { outcome.times.append(stop.time) }
            if let attributed {
                path.forEachCandidate(events, attributed, length: found.length) { candidates.append($0.keyRange) }
            }
        } else {
            try anyOrder.trace(events, from: first, found)
            for stop in anyOrder.stops { outcome.times.append(stop.time) }
            if let attributed {
                anyOrder.forEachCandidate(events, attributed, length: found.length) { candidates.append($0.keyRange) }
            }
        }
        guard var least = candidates.first else { return }
        for other in candidates.dropFirst() where try order.precedes(keys[other], keys[least]) { least = other }
        outcome.keys = least
    }
}

extension FunnelEvent {
    /// Where its values of `by` stand among the worker's.
    var keyRange: Range<Int> { Int(firstKey)..<Int(firstKey + keys) }
}
