/// Some neighbouring entries of a roll-up, as columns: the numbers of one value each, in descending order of events.
public struct RollupBlock: Sendable {
    /// Value of each entry, a code of the column's table; 0 stands for a missing value.
    public internal(set) var codes: [UInt32] = []
    /// Events of each entry, descending; entries with equal events stand in the order of their codes.
    public internal(set) var events: [UInt32] = []
    /// Distinct visitors of each entry over all names, ``unknown`` where nobody counted.
    var visitors: [UInt32] = []
    /// Where each entry's cells begin; one more than ``codes``.
    public internal(set) var starts: [UInt32] = [0]

    /// Event name of each cell, a position in the segment's names, ascending within an entry.
    public internal(set) var cellNames: [UInt32] = []
    /// Events of each cell; never 0.
    public internal(set) var cellEvents: [UInt32] = []
    /// Distinct visitors of each cell; empty if nobody counted, as in format version 1.
    var cellVisitors: [UInt32] = []
    /// Where each cell's ``statistics`` are, 0 for none, else one more than the position; empty if no cell has any.
    var cellStatistics: [UInt32] = []
    /// The numbers of those cells that have an event with a `value`.
    var statistics: [Statistics] = []

    /// Stands for a number of visitors that is not known.
    static let unknown = UInt32.max

    /// What is known of the `value`s of a cell.
    public struct Statistics: Sendable, Equatable {
        /// Events with a `value`; never 0.
        public var count: UInt32 = 0
        /// Their sum, exact.
        public var sum = ExactSum()
        /// The least and the greatest.
        public var minimum = Double.infinity
        public var maximum = -Double.infinity

        /// Adds a number.
        @inline(__always)
        mutating func add(_ value: Double) {
            count += 1
            sum.add(value)
            minimum = min(minimum, value)
            maximum = max(maximum, value)
        }
    }

    init() {}

    /// Number of entries.
    public var count: Int { codes.count }

    /// An entry's cells, positions in the cell columns.
    public func cells(of entry: Int) -> Range<Int> { Int(starts[entry])..<Int(starts[entry + 1]) }

    /// Distinct visitors of an entry, whatever the name; `nil` where that is not known.
    public func visitors(of entry: Int) -> Int? {
        guard !visitors.isEmpty, visitors[entry] != RollupBlock.unknown else { return nil }
        return Int(visitors[entry])
    }

    /// Distinct visitors of a cell; `nil` where that is not known.
    public func visitors(ofCell cell: Int) -> Int? { cellVisitors.isEmpty ? nil : Int(cellVisitors[cell]) }

    /// A cell's numbers of `value`; `nil` if no event has one.
    public func statistics(ofCell cell: Int) -> Statistics? {
        guard !cellStatistics.isEmpty, cellStatistics[cell] != 0 else { return nil }
        return statistics[Int(cellStatistics[cell]) - 1]
    }

    /// The entry of a code, if it is in this block.
    ///
    /// Nothing is stored for it: entries of equal events stand in the order of their codes, so that each such run is
    /// searched by halves; in the tail, where most entries are, runs are long, and in the head there are few entries.
    ///
    /// - Complexity: O(distinct numbers of events · log entries).
    public func entry(of code: UInt32) -> Int? {
        var start = 0
        while start < count {
            let number = events[start]
            // The end of the run, by doubling steps.
            var step = 1
            while start + step < count, events[start + step] == number { step *= 2 }
            var (low, high) = (start + step / 2, min(start + step, count))
            while low < high {
                let middle = (low + high) / 2
                if events[middle] == number { low = middle + 1 } else { high = middle }
            }
            let end = low
            (low, high) = (start, end)
            while low < high {
                let middle = (low + high) / 2
                if codes[middle] < code { low = middle + 1 } else { high = middle }
            }
            if low < end, codes[low] == code { return low }
            start = end
        }
        return nil
    }

    /// Bytes held, approximately.
    var bytes: Int {
        (codes.count + events.count + visitors.count + starts.count) * 4
            + (cellNames.count + cellEvents.count + cellVisitors.count + cellStatistics.count) * 4
            + statistics.count * MemoryLayout<Statistics>.stride + 256
    }

    /// The most cells of a block. Blocks are cut so that they have no more than this and one entry's.
    static let maxCells = 1 << 18
    /// The most cells a reader believes in.
    static let maxCellsRead = 1 << 19
}
