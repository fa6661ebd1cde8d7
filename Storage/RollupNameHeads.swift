/// The visitor sets of the values that have most visitors of one event name.
///
/// Within a name visitors come in the order of their hashes, so whatever part of the rows was seen is a fair sample:
/// where a name has more pairs than are gathered at once, those values are followed that lead in the first lot, twice
/// as many as will be kept.
struct RollupNameHeads: Sendable {
    /// A head's set as it will be stored.
    struct Head: Sendable {
        var code: UInt32
        /// Position of the name plus one, or 0 for all names.
        var name: UInt32
        var visitors: UInt32
        var bytes: [UInt8]
    }

    private let hashes: [UInt64]
    private let limits: RollupLimits
    /// Where each code's set is in ``followed``, -1 for none.
    private var place: [Int32]
    private var followed: [(code: UInt32, set: VisitorSetBuilder)] = []
    private var hasChosen = false

    init(hashes: [UInt64], codes: Int, limits: RollupLimits) {
        self.hashes = hashes
        self.limits = limits
        place = [Int32](repeating: -1, count: codes)
    }

    /// Adds pairs of the current name.
    ///
    /// - Parameters:
    ///   - slots: how many visitors each code has so far.
    ///   - touched: the codes that have any.
    ///   - isEnd: whether these are the name's last.
    mutating func add(
        _ pairs: ArraySlice<UInt64>, slots: [RollupBuilder.Slot], touched: ArraySlice<UInt32>, isEnd: Bool
    ) {
        if !hasChosen {
            hasChosen = true
            let least = isEnd ? limits.minHeadVisitors : 1
            var leaders = touched.filter { slots[Int($0)].visitors >= least }
            Self.keepLargest(&leaders, isEnd ? limits.headsPerName : limits.headsPerName * 2, slots)
            for code in leaders {
                place[Int(code)] = Int32(followed.count)
                followed.append((code, VisitorSetBuilder(limit: limits.exactVisitors, precision: limits.precision)))
            }
        }
        guard !followed.isEmpty else { return }
        hashes.withUnsafeBufferPointer { hashes in
            place.withUnsafeBufferPointer { place in
                followed.withUnsafeMutableBufferPointer { followed in
                    for pair in pairs {
                        let index = Int(place[Int(pair &>> 32)])
                        guard index >= 0 else { continue }
                        followed[index].set.insert(UInt32(truncatingIfNeeded: pair), hashes: hashes)
                    }
                }
            }
        }
    }

    /// Ends the current name.
    ///
    /// - Returns: its heads, none with fewer visitors than a head must have.
    mutating func finishName(_ name: Int, slots: [RollupBuilder.Slot]) -> [Head] {
        var leaders = followed.map(\.code).filter { slots[Int($0)].visitors >= limits.minHeadVisitors }
        Self.keepLargest(&leaders, limits.headsPerName, slots)
        let heads = leaders.map { code in
            var writer = ByteWriter()
            followed[Int(place[Int(code)])].set.finish(visitors: hashes.count).encode(into: &writer)
            return Head(
                code: code, name: UInt32(name + 1), visitors: slots[Int(code)].visitors, bytes: writer.bytes)
        }
        for (code, _) in followed { place[Int(code)] = -1 }
        followed.removeAll(keepingCapacity: true)
        hasChosen = false
        return heads
    }

    /// Keeps the codes with most visitors; of equals those with the lowest code.
    private static func keepLargest(_ codes: inout [UInt32], _ count: Int, _ slots: [RollupBuilder.Slot]) {
        guard codes.count > count else { return }
        codes.sort {
            let (left, right) = (slots[Int($0)].visitors, slots[Int($1)].visitors)
            return left != right ? left > right : $0 < $1
        }
        codes.removeLast(codes.count - count)
    }
}
