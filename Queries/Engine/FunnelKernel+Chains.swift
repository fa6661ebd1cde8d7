/// The chains of one range of visitors while a funnel walks through time, and how many visitors got how far.
///
/// Owns raw memory that is reused from range to range: a visitor is a place in plain arrays. The loop over
/// most events has no branch that is hard to predict, since a wrong guess costs more than all else that is done for an
/// event. Not thread-safe; each worker has its own.
final class KernelChains {
    /// By step the events that take it, in the order of (visitor, time); of the current group.
    let keys: [SortedKeys]
    /// How many visitors reached each step, over all ranges.
    private(set) var reached: [Int]
    private let steps: Int
    /// By step, then by visitor, whether the step was reached.
    private var seen: UnsafeMutablePointer<UInt8>
    /// By step but the last, then by visitor: the latest start of a chain up to it in an earlier group.
    private var carried: UnsafeMutablePointer<Int64>
    private var visitors = 0
    private var visitorCapacity = 0
    /// The starts of the chains that end with the keys of a step, of two steps in turn.
    private var starts: (UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Int64>)
    /// For each key of a step, how many keys of the step before come before it.
    private var places: UnsafeMutablePointer<UInt32>
    private var capacity = 0
    /// Bytes that the query's memory counts for it.
    private var held = 0

    /// Longer than any two times are apart, which are below 2^53.
    private static let endlessWindow: Int64 = 1 << 60
    /// Before every window, and near enough to be subtracted.
    private static let none: Int64 = -(1 << 61)

    init(steps: Int) {
        precondition((1...32).contains(steps), "a query has 1 to 32 steps")
        self.steps = steps
        keys = (0..<steps).map { _ in SortedKeys() }
        reached = [Int](repeating: 0, count: steps)
        seen = .allocate(capacity: 1)
        carried = .allocate(capacity: 1)
        starts = (.allocate(capacity: 1), .allocate(capacity: 1))
        places = .allocate(capacity: 1)
    }

    deinit {
        seen.deallocate()
        carried.deallocate()
        starts.0.deallocate()
        starts.1.deallocate()
        places.deallocate()
    }

    /// Begins with a range of visitors, who have done nothing yet.
    func begin(visitors: Int) {
        self.visitors = visitors
        if visitors > visitorCapacity {
            seen.deallocate()
            carried.deallocate()
            seen = .allocate(capacity: visitors * steps)
            carried = .allocate(capacity: visitors * steps)
            visitorCapacity = visitors
        }
        seen.initialize(repeating: 0, count: visitors * steps)
        carried.initialize(repeating: Self.none, count: visitors * (steps - 1))
    }

    /// Counts what it has grown by.
    func account(_ memory: QueryMemory) throws(QueryError) {
        let bytes = keys.reduce(visitorCapacity * steps * 9 + capacity * 20) { $0 + $1.bytes }
        guard bytes > held else { return }
        try memory.hold(bytes - held)
        held = bytes
    }

    /// Ends a range: counts its visitors.
    func finish() {
        for step in 0..<steps {
            let seen = seen + step * visitors
            var count = 0
            for visitor in 0..<visitors { count &+= Int(seen[visitor]) }
            reached[step] += count
        }
    }

    /// Ends a range whose first visitors are a union's: counts those who are not kept already.
    func finish(besides kept: KeptVisitors, first: Int, ofUnion: Int) {
        for step in 0..<steps {
            let seen = seen + step * visitors
            var count = 0
            for visitor in 0..<visitors where seen[visitor] != 0 {
                count &+= visitor < ofUnion && kept.contains(group: step, visitor: first &+ visitor) ? 0 : 1
            }
            reached[step] += count
        }
    }

    /// By step which of the first visitors reached it.
    func reachedBits(_ count: Int) -> VisitorBits {
        let bits = VisitorBits(groups: steps, visitors: count)
        for step in 0..<steps {
            for visitor in 0..<count where seen[step * visitors + visitor] != 0 {
                bits.insert(group: UInt32(step), visitor: UInt32(visitor))
            }
        }
        return bits
    }

    /// By step but the last the chains of the first visitors that an event after a time may go on with.
    ///
    /// - Parameter first: the number of the first visitor.
    func carried(_ count: Int, first: Int, after time: Int64, window: Int64) -> [[Carried]] {
        let from = time - min(window, Self.endlessWindow)
        return (0..<(steps - 1)).map { step in
            (0..<count).compactMap { visitor in
                let start = carried[step * visitors + visitor]
                return start >= from ? Carried(visitor: UInt32(first + visitor), start: start) : nil
            }
        }
    }

    /// Sets the latest start of a visitor's chain up to a step but the last.
    func setCarried(_ step: Int, visitor: Int, start: Int64) {
        precondition(step < steps - 1 && visitor < visitors, "the chain is of a visitor of this range")
        carried[step * visitors + visitor] = start
    }

    /// Takes the events of ``keys``, whose places are below the number of visitors.
    ///
    /// - Parameters:
    ///   - month: what the keys' times count from.
    ///   - nextGroup: the first time of the next group, `nil` after the last.
    /// - Complexity: O(keys).
    func advance(month: Int64, window: Int64, isStrict: Bool, nextGroup: Int64?) {
        let window = min(window, Self.endlessWindow)
        reserve(keys.reduce(0) { max($0, $1.count) })
        var chains = keys[0].count
        mark(0, chains)
        for step in 1..<max(1, steps) {
            locate(step, among: chains, isStrict: isStrict)
            let next = extend(step, month: month, window: window)
            mark(step, next)
            // Only now: until here what was carried is that of earlier groups. A chain that began more than a window
            // before the next group is over.
            if let nextGroup { carry(step - 1, chains, month: month, from: nextGroup - window) }
            chains = next
            starts = (starts.1, starts.0)
        }
    }

    private func reserve(_ count: Int) {
        guard count > capacity else { return }
        starts.0.deallocate()
        starts.1.deallocate()
        places.deallocate()
        capacity = count * 2
        starts = (.allocate(capacity: capacity), .allocate(capacity: capacity))
        places = .allocate(capacity: capacity)
    }

    /// Notes who reached a step: the visitors of the first keys of its list.
    private func mark(_ step: Int, _ count: Int) {
        let (seen, base) = (seen + visitors * step, keys[step].base)
        for index in 0..<count { seen[Int(base[index] &>> 32)] = 1 }
    }

    /// Notes the starts of the chains that end with a step, for the groups to come.
    private func carry(_ step: Int, _ chains: Int, month: Int64, from: Int64) {
        let (base, starts) = (keys[step].base, starts.0)
        let carried = self.carried + visitors * step
        for index in 0..<chains {
            let key = base[index]
            let start = step == 0 ? month &+ Int64(key & 0xffff_ffff) : starts[index]
            if start >= from { carried[Int(key &>> 32)] = start }
        }
    }

    /// Finds for each key of a step how many of the `count` keys of the step before come before it.
    ///
    /// A merge whose every step depends on the one before; four parts of the list are merged at a time, so that the
    /// processor has something to do meanwhile.
    private func locate(_ step: Int, among count: Int, isStrict: Bool) {
        let (before, own, places) = (keys[step - 1].base, keys[step].base, places)
        let total = keys[step].count
        // No key comes after this one.
        before[count] = .max
        // An event at the very time of another may follow it, unless times must increase.
        let tie: UInt64 = isStrict ? 0 : 1
        @inline(__always)
        func advance(_ index: inout Int, _ place: inout Int) {
            let isBefore = before[place] < own[index] &+ tie
            places[index] = UInt32(truncatingIfNeeded: place)
            place &+= isBefore ? 1 : 0
            index &+= isBefore ? 0 : 1
        }
        func first(_ index: Int) -> Int {
            guard index < total else { return count }
            var (low, high) = (0, count)
            while low < high {
                let middle = (low + high) / 2
                if before[middle] < own[index] &+ tie { low = middle + 1 } else { high = middle }
            }
            return low
        }
        let (end0, end1, end2) = (total / 4, total / 2, total / 4 * 3)
        var (i0, i1, i2, i3) = (0, end0, end1, end2)
        guard end0 > 0 else {
            var place = 0
            while i0 < total { advance(&i0, &place) }
            return
        }
        var (p0, p1, p2, p3) = (0, first(i1), first(i2), first(i3))
        while i0 < end0, i1 < end1, i2 < end2, i3 < total {
            advance(&i0, &p0)
            advance(&i1, &p1)
            advance(&i2, &p2)
            advance(&i3, &p3)
        }
        while i0 < end0 { advance(&i0, &p0) }
        while i1 < end1 { advance(&i1, &p1) }
        while i2 < end2 { advance(&i2, &p2) }
        while i3 < total { advance(&i3, &p3) }
    }

    /// Extends the chains that end with the step before by the events of a step (from 1 on).
    ///
    /// The keys that end a chain stay in the step's list, in their order, with the chains' starts in `starts.1`.
    ///
    /// - Returns: how many chains end with this step.
    private func extend(_ step: Int, month: Int64, window: Int64) -> Int {
        let before = keys[step - 1].base
        let starts = self.starts.0
        if step == 1 {
            return extend(step, month: month, window: window) { month &+ Int64(before[$0] & 0xffff_ffff) }
        }
        return extend(step, month: month, window: window) { starts[$0] }
    }

    @inline(__always)
    private func extend(_ step: Int, month: Int64, window: Int64, _ startBefore: (Int) -> Int64) -> Int {
        let (before, own, output, places) = (keys[step - 1].base, keys[step].base, starts.1, places)
        let carriedBefore = carried + visitors * (step - 1)
        var count = 0
        for index in 0..<keys[step].count {
            let key = own[index]
            let place = Int(places[index])
            let last = max(place, 1) &- 1
            // Another visitor's chain, or one that ends later, is none to go on from.
            let goesOn = before[last] &>> 32 == key &>> 32 && place > 0
            let start = goesOn ? startBefore(last) : carriedBefore[Int(key &>> 32)]
            own[count] = key
            output[count] = start
            count &+= start >= month &+ Int64(key & 0xffff_ffff) &- window ? 1 : 0
        }
        return count
    }
}
