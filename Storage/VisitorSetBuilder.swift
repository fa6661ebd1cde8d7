/// Collects one set of visitors whose ordinals come ascending: exactly while they are few or nearly all, in a sketch
/// otherwise, in memory that does not grow with the set.
package struct VisitorSetBuilder: Sendable {
    private let limit: Int
    private let precision: Int
    /// The visitors; empty once they are too many.
    private var members: [UInt32] = []
    /// Those in between that are not members; empty once they are too many.
    private var others: [UInt32] = []
    private var hasTooManyOthers = false
    /// The sketch's registers; empty while ``members`` are kept.
    private var registers: [UInt8] = []
    /// The ordinal behind the last member.
    private var next: UInt32 = 0

    /// - Parameters:
    ///   - limit: the most visitors, or visitors left out, that are kept one by one.
    ///   - precision: of the sketch beyond.
    package init(limit: Int, precision: Int) {
        self.limit = limit
        self.precision = precision
    }

    /// Adds a visitor.
    ///
    /// - Parameters:
    ///   - ordinal: above all before.
    ///   - hashes: the segment's visitor hashes.
    @inline(__always)
    package mutating func insert(_ ordinal: UInt32, hashes: UnsafeBufferPointer<UInt64>) {
        if !hasTooManyOthers { leaveOut(upTo: ordinal) }
        next = ordinal &+ 1
        if registers.isEmpty {
            if members.count < limit {
                members.append(ordinal)
                return
            }
            makeSketch(hashes)
        }
        registers.withUnsafeMutableBufferPointer {
            VisitorSketch.insert(hashes[Int(ordinal)], precision: precision, into: $0)
        }
    }

    private mutating func leaveOut(upTo ordinal: UInt32) {
        if Int(ordinal &- next) > limit &- others.count {
            hasTooManyOthers = true
            others = []
            return
        }
        while next < ordinal {
            others.append(next)
            next &+= 1
        }
    }

    @inline(never)
    private mutating func makeSketch(_ hashes: UnsafeBufferPointer<UInt64>) {
        registers = [UInt8](repeating: 0, count: 1 << precision)
        registers.withUnsafeMutableBufferPointer { registers in
            for member in members {
                VisitorSketch.insert(hashes[Int(member)], precision: precision, into: registers)
            }
        }
        members = []
    }

    /// The set.
    ///
    /// - Parameter visitors: number of the segment's visitors.
    package consuming func finish(visitors: Int) -> VisitorSet {
        if registers.isEmpty { return .ordinals(members) }
        if !hasTooManyOthers { leaveOut(upTo: UInt32(clamping: visitors)) }
        if !hasTooManyOthers { return .complement(others) }
        return .sketch(VisitorSketch(precision: precision, registers: registers))
    }
}
