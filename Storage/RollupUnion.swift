/// The visitors of each value over all event names: how many, and for the largest their set.
///
/// Names come one after the other, so a visitor of a value may come back with each. Small values keep their visitors in
/// a common log of pairs; those that outgrow it get a bitmap, and when those are used up a sketch, which does not know
/// the exact number any more. The most frequent have a bitmap from the start: all, where one each fits. When the
/// log is full of small values, the smallest are given up: their cells say enough.
struct RollupUnion: Sendable {
    private static let inLog: Int32 = -1
    private static let givenUp: Int32 = -2

    private let hashes: [UInt64]
    private let limits: RollupLimits
    /// Words of a bitmap.
    private let words: Int
    private let maxBitmaps: Int
    /// Where each code's visitors are: a bitmap, behind those a sketch, or one of the constants above.
    private var place: [Int32]
    private var bitmapCodes: [UInt32] = []
    private var bitmaps: [UInt64] = []
    private var sketchCodes: [UInt32] = []
    private var registers: [UInt8] = []
    private var log: [UInt64] = []

    init(hashes: [UInt64], codes: Int, limits: RollupLimits) {
        self.hashes = hashes
        self.limits = limits
        words = (hashes.count + 63) / 64
        maxBitmaps = min(limits.bitmapWords / max(1, words), Int(Int32.max) / 2)
        place = (0..<codes).map { $0 < limits.unitedCodes ? Self.inLog : Self.givenUp }
        // Codes stand in the order of their events, so that the first ones are those that would outgrow the log; some bitmaps
        // are left for others that do.
        let first = codes <= min(maxBitmaps, limits.unitedCodes) ? codes : min(maxBitmaps / 4 * 3, limits.unitedCodes)
        for code in 0..<first { place[code] = Int32(code) }
        bitmapCodes = (0..<UInt32(first)).map { $0 }
        bitmaps = [UInt64](repeating: 0, count: first * words)
    }

    /// Adds pairs of a code and a visitor, who may have been added to it before.
    mutating func add(_ pairs: ArraySlice<UInt64>) {
        insert(pairs)
        if log.count >= limits.logPairs { shrinkLog() }
    }

    private mutating func insert(_ pairs: ArraySlice<UInt64>) {
        // The loop over the many that have bitmaps; the others are looked at again.
        var others: [UInt64] = []
        let (words, maxBitmaps) = (words, maxBitmaps)
        place.withUnsafeBufferPointer { place in
            bitmaps.withUnsafeMutableBufferPointer { bitmaps in
                for pair in pairs {
                    let place = Int(place[Int(pair &>> 32)])
                    if place >= 0, place < maxBitmaps {
                        let ordinal = Int(pair & 0xffff_ffff)
                        bitmaps[place &* words &+ ordinal &>> 6] |= 1 &<< UInt64(ordinal & 63)
                    } else if place != Int(Self.givenUp) {
                        others.append(pair)
                    }
                }
            }
        }
        let size = 1 << limits.precision
        for pair in others {
            let place = Int(place[Int(pair >> 32)])
            guard place >= 0 else {
                log.append(pair)
                continue
            }
            let start = (place - maxBitmaps) * size
            registers.withUnsafeMutableBufferPointer {
                VisitorSketch.insert(
                    hashes[Int(pair & 0xffff_ffff)], precision: limits.precision,
                    into: UnsafeMutableBufferPointer(rebasing: $0[start..<(start + size)]))
            }
        }
    }

    /// Sorts the log by code and visitor, without repetitions, and moves large values out of it.
    private mutating func sortLog() {
        var ends = [Int](repeating: 0, count: place.count)
        for pair in log { ends[Int(pair >> 32)] += 1 }
        var sum = 0
        for code in ends.indices {
            sum += ends[code]
            ends[code] = sum - ends[code]
        }
        // Now where each code begins; it moves on to where it ends.
        var sorted = [UInt64](repeating: 0, count: log.count)
        for pair in log {
            sorted[ends[Int(pair >> 32)]] = pair
            ends[Int(pair >> 32)] += 1
        }
        log.removeAll(keepingCapacity: true)
        var start = 0
        for code in ends.indices where ends[code] > start {
            if ends[code] > start + 1 { sorted[start..<ends[code]].sort() }
            let before = log.count
            for index in start..<ends[code] where log.count == before || log.last != sorted[index] {
                log.append(sorted[index])
            }
            start = ends[code]
            if log.count - before > limits.exactVisitors {
                moveOut(UInt32(code), Array(log[before...]))
                log.removeLast(log.count - before)
            }
        }
    }

    private mutating func moveOut(_ code: UInt32, _ pairs: [UInt64]) {
        if bitmapCodes.count < maxBitmaps {
            place[Int(code)] = Int32(bitmapCodes.count)
            bitmapCodes.append(code)
            bitmaps.append(contentsOf: repeatElement(0, count: words))
        } else if sketchCodes.count < limits.sketches {
            place[Int(code)] = Int32(maxBitmaps + sketchCodes.count)
            sketchCodes.append(code)
            registers.append(contentsOf: repeatElement(0, count: 1 << limits.precision))
        } else {
            place[Int(code)] = Self.givenUp
            return
        }
        insert(pairs[...])
    }

    /// Makes room in the log: large values move out, and if half of it is still taken, the smallest are given up.
    private mutating func shrinkLog() {
        sortLog()
        guard log.count > limits.logPairs / 2 else { return }
        // Pairs of the codes with each number of pairs.
        var pairsOfSize = [Int](repeating: 0, count: limits.exactVisitors + 1)
        forEachInLog { _, range in pairsOfSize[range.count] += range.count }
        var kept = 0
        var least = limits.exactVisitors + 1
        while least > 1, kept + pairsOfSize[least - 1] <= limits.logPairs / 2 {
            least -= 1
            kept += pairsOfSize[least]
        }
        var rest: [UInt64] = []
        rest.reserveCapacity(limits.logPairs)
        var lost: [UInt32] = []
        forEachInLog { code, range in
            if range.count >= least { rest.append(contentsOf: log[range]) } else { lost.append(code) }
        }
        for code in lost { place[Int(code)] = Self.givenUp }
        log = rest
    }

    /// Calls `body` with each code of the sorted log and its pairs.
    private func forEachInLog(_ body: (UInt32, Range<Int>) -> Void) {
        var start = 0
        while start < log.count {
            let code = log[start] >> 32
            var end = start + 1
            while end < log.count, log[end] >> 32 == code { end += 1 }
            body(UInt32(code), start..<end)
            start = end
        }
    }

    /// Ends the collection.
    ///
    /// - Parameter isShared: whether a code occurs with several names; the others are not looked at.
    /// - Returns: the exact number of visitors by code, ``RollupBlock/unknown`` where it is not known, and the heads.
    consuming func finish(_ isShared: (UInt32) -> Bool) -> (visitors: [UInt32], heads: [RollupNameHeads.Head]) {
        sortLog()
        var visitors = [UInt32](repeating: RollupBlock.unknown, count: place.count)
        var large: [(code: UInt32, visitors: UInt32)] = []
        for (index, code) in bitmapCodes.enumerated() where isShared(code) {
            let count = bitmaps[(index * words)..<((index + 1) * words)].reduce(0) { $0 + $1.nonzeroBitCount }
            visitors[Int(code)] = UInt32(count)
            large.append((code, UInt32(count)))
        }
        for (index, code) in sketchCodes.enumerated() where isShared(code) {
            large.append((code, UInt32(sketch(index).estimate)))
        }
        var ranges: [UInt32: Range<Int>] = [:]
        forEachInLog { code, range in
            guard isShared(code) else { return }
            visitors[Int(code)] = UInt32(range.count)
            guard range.count >= limits.minHeadVisitors else { return }
            ranges[code] = range
            large.append((code, UInt32(range.count)))
        }
        large.removeAll { $0.visitors < limits.minHeadVisitors }
        large.sort { $0.visitors != $1.visitors ? $0.visitors > $1.visitors : $0.code < $1.code }
        let heads = large.prefix(limits.headsOfAll).map { code, count in
            RollupNameHeads.Head(code: code, name: 0, visitors: count, set: set(code, ranges[code], visitors: count))
        }
        return (visitors, heads)
    }

    private func sketch(_ index: Int) -> VisitorSketch {
        let size = 1 << limits.precision
        return VisitorSketch(
            precision: limits.precision, registers: Array(registers[(index * size)..<((index + 1) * size)]))
    }

    /// A code's set; `range` is its part of the sorted log, if it is there.
    private func set(_ code: UInt32, _ range: Range<Int>?, visitors: UInt32) -> VisitorSet {
        let place = Int(place[Int(code)])
        if place >= maxBitmaps { return .sketch(sketch(place - maxBitmaps)) }
        if range == nil, min(Int(visitors), hashes.count - Int(visitors)) > limits.exactVisitors {
            return .sketch(sketchOfBitmap(place))
        }
        var builder = VisitorSetBuilder(limit: limits.exactVisitors, precision: limits.precision)
        hashes.withUnsafeBufferPointer { hashes in
            if let range {
                for pair in log[range] { builder.insert(UInt32(truncatingIfNeeded: pair), hashes: hashes) }
                return
            }
            for word in 0..<words {
                var bits = bitmaps[place * words + word]
                while bits != 0 {
                    builder.insert(UInt32(word * 64 + bits.trailingZeroBitCount), hashes: hashes)
                    bits &= bits - 1
                }
            }
        }
        return builder.finish(visitors: hashes.count)
    }

    /// The sketch of a bitmap's visitors.
    private func sketchOfBitmap(_ place: Int) -> VisitorSketch {
        var registers = [UInt8](repeating: 0, count: 1 << limits.precision)
        registers.withUnsafeMutableBufferPointer { registers in
            hashes.withUnsafeBufferPointer { hashes in
                for (word, all) in bitmaps[(place * words)..<((place + 1) * words)].enumerated() {
                    var bits = all
                    while bits != 0 {
                        VisitorSketch.insert(
                            hashes[word &* 64 &+ bits.trailingZeroBitCount], precision: limits.precision,
                            into: registers)
                        bits &= bits &- 1
                    }
                }
            }
        }
        return VisitorSketch(precision: limits.precision, registers: registers)
    }
}
