/// Visitor sets of some values that are collected side by side: each exactly while its visitors are few or nearly all, in a sketch
/// otherwise, as ``VisitorSetBuilder`` does it for one.
///
/// Flat arrays for all of them, because this is the longest loop of a compaction. Owns their memory, which is reused from
/// name to name.
package final class HeadSets: @unchecked Sendable {
    // Unchecked: only the roll-up builder that made it has the reference, and one thread at a time uses that.

    /// What is known of one set, whose members come ascending.
    private struct State: BitwiseCopyable {
        /// Members that are kept one by one, until there are too many.
        var members: UInt32 = 0
        /// Visitors left out, kept one by one, or ``HeadSets/tooMany``.
        var others: UInt32 = 0
        /// The ordinal behind the last member.
        var next: UInt32 = 0
        /// Whether the members are in the sketch.
        var isSketch = false
    }

    private static let tooMany = UInt32.max

    private let hashes: [UInt64]
    private let limit: Int
    private let precision: Int
    private let size: Int
    /// Number of sets, and of those that there is memory for.
    private var count = 0
    private var capacity = 0
    private var states: UnsafeMutablePointer<State>
    private var members: UnsafeMutablePointer<UInt32>
    private var others: UnsafeMutablePointer<UInt32>
    private var registers: UnsafeMutablePointer<UInt8>

    /// - Parameters:
    ///   - hashes: the segment's visitors; ordinals are positions in it.
    ///   - limit: the most visitors, or visitors left out, that are kept one by one.
    ///   - precision: of the sketches beyond.
    package init(hashes: [UInt64], limit: Int, precision: Int) {
        self.hashes = hashes
        self.limit = limit
        self.precision = precision
        size = 1 << precision
        states = .allocate(capacity: 0)
        members = .allocate(capacity: 0)
        others = .allocate(capacity: 0)
        registers = .allocate(capacity: 0)
    }

    deinit {
        states.deallocate()
        members.deallocate()
        others.deallocate()
        registers.deallocate()
    }

    /// Begins that many empty sets.
    ///
    /// - Parameter rows: no set will have more members; where that are too few for nearly all visitors, those left out are not
    ///   looked at.
    package func begin(_ count: Int, rows: Int = .max) {
        self.count = count
        if count > capacity {
            capacity = count
            states.deallocate()
            members.deallocate()
            others.deallocate()
            registers.deallocate()
            states = .allocate(capacity: count)
            members = .allocate(capacity: count * limit)
            others = .allocate(capacity: count * limit)
            registers = .allocate(capacity: count * size)
        }
        var state = State()
        if rows < hashes.count - limit { state.others = Self.tooMany }
        states.initialize(repeating: state, count: count)
    }

    /// Adds pairs of a code and a visitor.
    ///
    /// - Parameters:
    ///   - pairs: the code in the high half, the ordinal in the low one; ordinals of a code ascend over all calls.
    ///   - place: each code's set, -1 for none.
    /// - Complexity: O(pairs).
    package func add(_ pairs: ArraySlice<UInt64>, place: [Int32]) {
        let (states, registers, shift) = (states, registers, precision)
        let mask = (1 as UInt64) << UInt64(precision) - 1
        let end = (1 as UInt64) << UInt64(64 - precision)
        let count = count
        hashes.withUnsafeBufferPointer { hashes in
            place.withUnsafeBufferPointer { place in
                for pair in pairs {
                    let set = Int(place[Int(pair &>> 32)])
                    guard set >= 0 else { continue }
                    precondition(set < count, "a code has one of the sets that were begun")
                    let ordinal = UInt32(truncatingIfNeeded: pair)
                    guard states[set].isSketch, states[set].others == Self.tooMany else {
                        insert(ordinal, into: set, hashes)
                        continue
                    }
                    let hash = hashes[Int(ordinal)]
                    let rank = UInt8(truncatingIfNeeded: ((hash &>> UInt64(shift)) | end).trailingZeroBitCount &+ 1)
                    let register = registers + (set &* size &+ Int(truncatingIfNeeded: hash & mask))
                    if register.pointee < rank { register.pointee = rank }
                }
            }
        }
    }

    /// Adds a visitor to a set that is not a mere sketch yet.
    private func insert(_ ordinal: UInt32, into set: Int, _ hashes: UnsafeBufferPointer<UInt64>) {
        leaveOut(upTo: ordinal, of: set)
        states[set].next = ordinal &+ 1
        let sketch = UnsafeMutableBufferPointer(start: registers + set * size, count: size)
        if !states[set].isSketch {
            let number = Int(states[set].members)
            if number < limit {
                members[set * limit + number] = ordinal
                states[set].members += 1
                return
            }
            sketch.initialize(repeating: 0)
            for member in members(of: set) {
                VisitorSketch.insert(hashes[Int(member)], precision: precision, into: sketch)
            }
            states[set].isSketch = true
        }
        VisitorSketch.insert(hashes[Int(ordinal)], precision: precision, into: sketch)
    }

    /// Notes the visitors between the last member and the next as left out.
    private func leaveOut(upTo ordinal: UInt32, of set: Int) {
        var state = states[set]
        guard state.others != Self.tooMany else { return }
        if Int(ordinal &- state.next) > limit &- Int(state.others) {
            state.others = Self.tooMany
        } else {
            while state.next < ordinal {
                others[set * limit + Int(state.others)] = state.next
                state.others += 1
                state.next += 1
            }
        }
        states[set] = state
    }

    private func members(of set: Int) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: members + set * limit, count: Int(states[set].members))
    }

    /// One of the sets; nothing is added to it afterwards.
    package func finish(_ set: Int) -> VisitorSet {
        precondition(set < count, "there are as many sets as were begun")
        guard states[set].isSketch else { return .ordinals(Array(members(of: set))) }
        leaveOut(upTo: UInt32(clamping: hashes.count), of: set)
        guard states[set].others == Self.tooMany else {
            return .complement(
                Array(UnsafeBufferPointer(start: others + set * limit, count: Int(states[set].others))))
        }
        let sketch = UnsafeBufferPointer(start: registers + set * size, count: size)
        return .sketch(VisitorSketch(precision: precision, registers: Array(sketch)))
    }
}
