/// What one worker has counted.
struct FunnelTally: Sendable {
    /// A row of the answer before it has a text: an interval, a value of `by`, or both.
    struct Row: Hashable, Sendable {
        /// Number of the interval; ``noInterval`` for the row of a value over all of the range.
        var interval: UInt32
        var group: UInt32
    }

    static let noInterval = UInt32.max

    let steps: Int
    let keepsTimes: Bool
    /// How many reached each step of the query, by its place there.
    private(set) var counts: [Int]
    /// Times from the step before, milliseconds, by step.
    private(set) var times: [[Int64]]
    /// Times from first to last step of those that reached it.
    private(set) var conversions: [Int64] = []
    private(set) var rows: [Row] = []
    private var index = HashIndex()
    private var rowCounts: [Int] = []
    /// By row and step; only where times are asked for.
    private(set) var rowTimes: [(cell: Int, ms: Int64)] = []
    private var kept = 0

    init(steps: Int, keepsTimes: Bool) {
        self.steps = steps
        self.keepsTimes = keepsTimes
        counts = Array(repeating: 0, count: steps)
        times = Array(repeating: [], count: keepsTimes ? steps : 0)
    }

    /// Bytes held, about.
    var bytes: Int {
        times.reduce(0) { $0 + $1.capacity * 8 } + conversions.capacity * 8 + rowTimes.capacity * 16 + rows.capacity * 8
            + rowCounts.capacity * 8 + index.bytes
    }

    /// The number of a row, a new one if it has none yet.
    mutating func row(_ row: Row) throws(QueryError) -> Int {
        let number = Int(index.insert(mixed(UInt64(row.interval) << 32 | UInt64(row.group))))
        if number == rows.count {
            rows.append(row)
            rowCounts.append(contentsOf: repeatElement(0, count: steps))
            try QueryMemory.checkCells(rows.count, measures: steps)
        }
        return number
    }

    /// How many of a row reached each step.
    func counts(of row: Int) -> ArraySlice<Int> { rowCounts[(row * steps)..<((row + 1) * steps)] }

    /// Counts one for a step, overall or in a row.
    mutating func count(_ step: Int, row: Int?) {
        if let row { rowCounts[row * steps + step] += 1 } else { counts[step] += 1 }
    }

    /// Keeps a time from the step before.
    mutating func keep(_ ms: Int64, step: Int, row: Int?) throws(QueryError) {
        if let row { rowTimes.append((row * steps + step, ms)) } else { times[step].append(ms) }
        try checkKept()
    }

    /// Keeps a time from first to last step.
    mutating func keepConversion(_ ms: Int64) throws(QueryError) {
        conversions.append(ms)
        try checkKept()
    }

    private mutating func checkKept() throws(QueryError) {
        kept += 1
        guard kept > FunnelLimits.maxTimes else { return }
        throw FunnelLimits.exceeded(
            "keeps more than \(FunnelLimits.maxTimes) times to convert", "maxTimes",
            "Ask for a shorter range, or without `time_to_convert`, `by` or `interval`.")
    }

    /// Brings all times into ascending order, with a look at the clock now and then: whoever sorts them again, or those
    /// of a row, has next to nothing to do.
    mutating func sortTimes(_ execution: Execution) throws(QueryError) {
        for step in times.indices { try execution.sort(&times[step], by: <) }
        try execution.sort(&conversions, by: <)
        try execution.sort(&rowTimes) { $0.ms < $1.ms }
    }

    /// Adds what another worker has counted.
    mutating func add(_ other: FunnelTally) throws(QueryError) {
        for step in counts.indices { counts[step] += other.counts[step] }
        for step in times.indices { times[step] += other.times[step] }
        conversions += other.conversions
        var numbers: [Int] = []
        for row in other.rows { numbers.append(try self.row(row)) }
        for (from, to) in numbers.enumerated() {
            for step in 0..<steps { rowCounts[to * steps + step] += other.rowCounts[from * steps + step] }
        }
        rowTimes.reserveCapacity(rowTimes.count + other.rowTimes.count)
        for (cell, ms) in other.rowTimes { rowTimes.append((numbers[cell / steps] * steps + cell % steps, ms)) }
        kept += other.kept - 1
        try checkKept()
    }
}
