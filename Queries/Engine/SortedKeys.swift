/// A growing list of 64-bit keys that owns its memory, and brings ascending pieces of it into one ascending order.
///
/// Raw memory because this is the inner loop of every funnel: a key is written once and read once, and room for it is
/// made a piece of rows at a time. Not thread-safe.
final class SortedKeys {
    private(set) var base: UnsafeMutablePointer<UInt64>
    private var scratch: UnsafeMutablePointer<UInt64>
    private var capacity: Int
    private var scratchCapacity = 0
    /// Number of keys.
    private(set) var count = 0
    /// Where each ascending piece begins.
    private var starts: [Int] = []

    init() {
        capacity = 1024
        base = .allocate(capacity: capacity)
        scratch = .allocate(capacity: 1)
        scratchCapacity = 1
    }

    deinit {
        base.deallocate()
        scratch.deallocate()
    }

    /// Forgets all keys and keeps the memory.
    func removeAll() {
        count = 0
        starts.removeAll(keepingCapacity: true)
    }

    /// Says that the keys from here on ascend by themselves.
    func beginPiece() {
        if starts.last != count { starts.append(count) }
    }

    /// Divides the piece that was begun last, whose keys below a bound ascend by themselves and the others too, into
    /// these two.
    ///
    /// - Complexity: O(keys of the piece).
    func divide(at bound: UInt64) {
        guard let start = starts.last, start < count else { return }
        reserveScratch()
        var below = start
        var others = 0
        for position in start..<count {
            let key = base[position]
            // Both are written, and the one that is meant is kept.
            base[below] = key
            scratch[others] = key
            below &+= key < bound ? 1 : 0
            others &+= key < bound ? 0 : 1
        }
        (base + below).update(from: scratch, count: others)
        if below > start, others > 0 { starts.append(below) }
    }

    /// Bytes held.
    var bytes: Int { (capacity + scratchCapacity) * MemoryLayout<UInt64>.stride }

    private func reserveScratch() {
        guard scratchCapacity < capacity else { return }
        scratch.deallocate()
        scratch = .allocate(capacity: capacity)
        scratchCapacity = capacity
    }

    /// Makes room for `more` keys and calls `body` with it, which returns how many it wrote.
    @inline(__always)
    func append(upTo more: Int, _ body: (UnsafeMutablePointer<UInt64>) -> Int) {
        // One more, so that a reader can put an end behind them.
        if count + more + 1 > capacity { grow(count + more + 1) }
        let written = body(base + count)
        assert(written <= more)
        count &+= written
    }

    @inline(never)
    private func grow(_ needed: Int) {
        let larger = max(capacity * 2, needed)
        let new = UnsafeMutablePointer<UInt64>.allocate(capacity: larger)
        new.update(from: base, count: count)
        base.deallocate()
        base = new
        capacity = larger
    }

    /// Merges the pieces, neighbours first.
    ///
    /// - Complexity: O(keys · log pieces); O(1) for one piece.
    func sort() {
        while starts.count > 1 {
            reserveScratch()
            var merged: [Int] = []
            for index in stride(from: 0, to: starts.count, by: 2) {
                let start = starts[index]
                merged.append(start)
                let middle = index + 1 < starts.count ? starts[index + 1] : count
                let end = index + 2 < starts.count ? starts[index + 2] : count
                SortedKeys.merge(base + start, middle - start, base + middle, end - middle, into: scratch + start)
            }
            swap(&base, &scratch)
            swap(&capacity, &scratchCapacity)
            starts = merged
        }
    }

    /// Pieces from which on counting is quicker than merging.
    static let manyPieces = 8

    /// Brings keys of any order into the ascending one, which those of each upper half are nearly in: by counting those.
    ///
    /// - Parameter uppers: upper halves are below it.
    /// - Complexity: O(keys + uppers), O(keys · log keys) where they are far from it.
    func sort(uppers: Int) {
        starts.removeAll(keepingCapacity: true)
        guard count > 1 else { return }
        reserveScratch()
        var ends = [UInt32](repeating: 0, count: uppers + 1)
        ends.withUnsafeMutableBufferPointer { ends in
            for position in 0..<count { ends[Int(base[position] >> 32) + 1] &+= 1 }
            for upper in 1..<max(1, ends.count) { ends[upper] &+= ends[upper - 1] }
            for position in 0..<count {
                let key = base[position]
                let place = Int(ends[Int(key >> 32)])
                ends[Int(key >> 32)] &+= 1
                scratch[place] = key
            }
        }
        swap(&base, &scratch)
        swap(&capacity, &scratchCapacity)
        var moves = 0
        for position in 1..<count {
            let key = base[position]
            var place = position
            while place > 0, base[place - 1] > key {
                base[place] = base[place - 1]
                place -= 1
            }
            base[place] = key
            moves += position - place
            if moves > count * Self.movesAKey {
                var all = UnsafeMutableBufferPointer(start: base, count: count)
                all.sort()
                return
            }
        }
    }

    private static let movesAKey = 8

    private static func merge(
        _ left: UnsafeMutablePointer<UInt64>, _ leftCount: Int,
        _ right: UnsafeMutablePointer<UInt64>, _ rightCount: Int, into output: UnsafeMutablePointer<UInt64>
    ) {
        var (i, j, n) = (0, 0, 0)
        while i < leftCount, j < rightCount {
            let (a, b) = (left[i], right[j])
            let takesLeft = a <= b
            output[n] = takesLeft ? a : b
            n &+= 1
            i &+= takesLeft ? 1 : 0
            j &+= takesLeft ? 0 : 1
        }
        if i < leftCount { (output + n).update(from: left + i, count: leftCount - i) }
        if j < rightCount { (output + n).update(from: right + j, count: rightCount - j) }
    }
}
