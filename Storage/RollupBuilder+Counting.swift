/// The loops over rows of a roll-up: no branch but on a new value or visitor, no lookup but one by code, no allocation.
extension RollupBuilder {
    /// The value of rows that all have the same.
    static func constant(_ codes: UnsafeBufferPointer<UInt32>) -> UInt32? {
        guard let first = codes.first, codes[codes.count / 2] == first, codes[codes.count - 1] == first
        else { return nil }
        var difference: UInt32 = 0
        for code in codes { difference |= code ^ first }
        return difference == 0 ? first : nil
    }

    /// The loop over rows that count under one value each.
    static func count(
        _ codes: UnsafeBufferPointer<UInt32>, _ ordinals: UnsafeBufferPointer<UInt32>,
        _ slots: UnsafeMutableBufferPointer<Slot>, _ touched: UnsafeMutableBufferPointer<UInt32>,
        _ touchedCount: inout Int, _ pairs: UnsafeMutableBufferPointer<UInt64>, _ pairCount: inout Int
    ) {
        var (touchedNow, pairsNow) = (touchedCount, pairCount)
        for row in codes.indices {
            hit(codes[row], ordinals[row], slots, touched, &touchedNow, pairs, &pairsNow, keepsPairs: true)
        }
        (touchedCount, pairCount) = (touchedNow, pairsNow)
    }

    /// The same where no sets are made.
    static func countAlone(
        _ codes: UnsafeBufferPointer<UInt32>, _ ordinals: UnsafeBufferPointer<UInt32>,
        _ slots: UnsafeMutableBufferPointer<Slot>, _ touched: UnsafeMutableBufferPointer<UInt32>,
        _ touchedCount: inout Int
    ) {
        let none = UnsafeMutableBufferPointer<UInt64>(start: nil, count: 0)
        var touchedNow = touchedCount
        var pairsNow = 0
        for row in codes.indices {
            hit(codes[row], ordinals[row], slots, touched, &touchedNow, none, &pairsNow, keepsPairs: false)
        }
        touchedCount = touchedNow
    }

    /// The loop over rows that may count under several values each.
    static func count(
        _ codes: UnsafeBufferPointer<UInt32>, _ ordinals: UnsafeBufferPointer<UInt32>, _ targets: RollupTargets,
        _ slots: UnsafeMutableBufferPointer<Slot>, _ touched: UnsafeMutableBufferPointer<UInt32>,
        _ touchedCount: inout Int, _ pairs: UnsafeMutableBufferPointer<UInt64>, _ pairCount: inout Int,
        keepsPairs: Bool
    ) {
        var (touchedNow, pairsNow) = (touchedCount, pairCount)
        targets.starts.withUnsafeBufferPointer { starts in
            targets.targets.withUnsafeBufferPointer { all in
                for row in codes.indices {
                    let code = Int(codes[row])
                    for target in Int(starts[code])..<Int(starts[code &+ 1]) {
                        hit(
                            all[target], ordinals[row], slots, touched, &touchedNow, pairs, &pairsNow,
                            keepsPairs: keepsPairs)
                    }
                }
            }
        }
        (touchedCount, pairCount) = (touchedNow, keepsPairs ? pairsNow : 0)
    }

    /// The loop over runs of rows of one visitor and value: at most so many, the last of them up to the end of the rows.
    static func count(
        _ codes: UnsafeBufferPointer<UInt32>, _ ordinals: UnsafeBufferPointer<UInt32>, _ rows: inout Range<Int>,
        _ runs: UnsafeBufferPointer<UInt32>, _ run: inout Int, most: Int, _ slots: UnsafeMutableBufferPointer<Slot>,
        _ touched: UnsafeMutableBufferPointer<UInt32>, _ touchedCount: inout Int,
        _ pairs: UnsafeMutableBufferPointer<UInt64>, _ pairCount: inout Int, keepsPairs: Bool
    ) {
        var (row, next, left) = (rows.lowerBound, run, most)
        var (touchedNow, pairsNow) = (touchedCount, pairCount)
        while row < rows.upperBound, left > 0 {
            let end = Int(runs[next])
            let stop = min(end, rows.upperBound)
            hit(codes[row], ordinals[row], slots, touched, &touchedNow, pairs, &pairsNow, keepsPairs: keepsPairs)
            slots[Int(codes[row])].events &+= UInt32(truncatingIfNeeded: stop &- row &- 1)
            // A run may go on with the next name.
            next &+= stop == end ? 1 : 0
            row = stop
            left &-= 1
        }
        rows = row..<rows.upperBound
        run = next
        (touchedCount, pairCount) = (touchedNow, keepsPairs ? pairsNow : pairCount)
    }

    /// Where each stretch of rows of one visitor ends.
    package static func visitorRuns(_ ordinals: [UInt32]) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: ordinals.count) { runs, count in
            ordinals.withUnsafeBufferPointer { ordinals in
                for row in ordinals.indices {
                    // Without a branch, which is hard to guess.
                    runs.initializeElement(at: count, to: UInt32(truncatingIfNeeded: row &+ 1))
                    let next = min(row &+ 1, ordinals.count &- 1)
                    count &+= ordinals[next] != ordinals[row] || next == row ? 1 : 0
                }
            }
        }
    }

    /// Counts one event of a value.
    @inline(__always)
    private static func hit(
        _ code: UInt32, _ ordinal: UInt32, _ slots: UnsafeMutableBufferPointer<Slot>,
        _ touched: UnsafeMutableBufferPointer<UInt32>, _ touchedCount: inout Int,
        _ pairs: UnsafeMutableBufferPointer<UInt64>, _ pairCount: inout Int, keepsPairs: Bool
    ) {
        let slot = slots.baseAddress.unsafelyUnwrapped + Int(code)
        if slot.pointee.events == 0 {
            touched[touchedCount] = code
            touchedCount &+= 1
        }
        // Safe because a segment has fewer rows than 2^32.
        slot.pointee.events &+= 1
        guard slot.pointee.last != ordinal &+ 1 else { return }
        slot.pointee.last = ordinal &+ 1
        slot.pointee.visitors &+= 1
        guard keepsPairs else { return }
        pairs[pairCount] = UInt64(code) &<< 32 | UInt64(ordinal)
        pairCount &+= 1
    }

    /// The number of visitors that begin in consecutive rows.
    static func countVisitors(
        _ ordinals: UnsafeBufferPointer<UInt32>, isFirst: Bool, before: UInt32
    ) -> UInt32 {
        guard let first = ordinals.first else { return 0 }
        var count: UInt32 = isFirst || first != before ? 1 : 0
        for row in 1..<max(1, ordinals.count) where ordinals[row] != ordinals[row &- 1] { count &+= 1 }
        return count
    }

    /// The greatest of some codes or ordinals; 0 of none.
    static func maximum(_ values: UnsafeBufferPointer<UInt32>) -> Int {
        var maximum: UInt32 = 0
        for value in values { maximum = max(maximum, value) }
        return Int(maximum)
    }
}
