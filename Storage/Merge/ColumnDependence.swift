/// How well a column's codes follow from something else, chunk by chunk.
///
/// Rows are sorted by name, and a dependence that holds for most names may fail for one: its chunks are stored by
/// themselves then. So it is chunks that are judged, and what counts is the share of rows in good ones.
struct DependenceScore {
    private var goodRows = 0
    private var badRows = 0
    private var badChunks = 0

    /// A chunk is good if its rule fails for at most one row of this many: an exception takes about three bytes.
    private static let rowsAnException = 16
    /// After so many bad chunks without a good one there is little hope.
    private static let patience = 3

    /// Whether a chunk with so many exceptions is better derived than stored.
    static func isGood(exceptions: Int, rows: Int) -> Bool { exceptions <= rows / rowsAnException }

    /// Adds a chunk whose codes are not all the same; those cost nothing either way.
    ///
    /// - Returns: whether it is still worth going on.
    mutating func add(exceptions: Int, rows: Int) -> Bool {
        if Self.isGood(exceptions: exceptions, rows: rows) {
            goodRows += rows
        } else {
            badRows += rows
            badChunks += 1
        }
        return badChunks < Self.patience || goodRows * 8 >= badRows
    }

    /// Whether enough rows follow for a derived column to be worth its own parts.
    var isWorthwhile: Bool { goodRows > 0 && goodRows * 4 >= goodRows + badRows }
}

/// A chunk's rows for which a rule fails, and their codes.
struct Exceptions {
    var rows: [UInt32] = []
    var codes: [UInt32] = []

    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        codes.removeAll(keepingCapacity: true)
    }

    mutating func append(_ row: Int, _ code: UInt32) {
        rows.append(UInt32(truncatingIfNeeded: row))
        codes.append(code)
    }
}

/// Finds out whether a column's codes follow from each row's visitor. The code first seen with a visitor is the rule, so that what
/// is an exception is known at once.
struct VisitorDependence {
    /// The code first seen with each visitor.
    private(set) var codes: [UInt32]
    private(set) var score = DependenceScore()

    init(visitors: Int) {
        codes = [UInt32](repeating: DerivedCodes.undefined, count: visitors)
    }

    /// Adds a chunk's rows.
    ///
    /// - Parameter exceptions: gets the rows for which the rule fails.
    /// - Returns: whether it is still worth going on.
    mutating func add(
        _ values: [UInt32], ordinals: [UInt32], isConstant: Bool, _ exceptions: inout Exceptions
    ) -> Bool {
        exceptions.removeAll()
        codes.withUnsafeMutableBufferPointer { codes in
            for row in values.indices {
                let visitor = Int(ordinals[row])
                let rule = codes[visitor]
                if rule == values[row] { continue }
                if rule == DerivedCodes.undefined {
                    codes[visitor] = values[row]
                } else {
                    exceptions.append(row, values[row])
                }
            }
        }
        return isConstant || score.add(exceptions: exceptions.rows.count, rows: values.count)
    }
}

/// Finds out whether a column's codes follow from another column's within each event name.
struct ColumnDependence {
    /// The other column.
    let base: Int
    private(set) var map = ColumnMap()
    private(set) var score = DependenceScore()
    private var rows = 0
    private var meaning: [UInt32]
    private var seen: [UInt32] = []
    private var name = 0

    /// Pairs of codes that a map may have: one for this many rows.
    private static let rowsAPair = 8
    /// Few rows say little, so that many pairs are let pass at first.
    private static let patience = 16_384

    init(base: Int, codes: Int) {
        self.base = base
        meaning = [UInt32](repeating: DerivedCodes.undefined, count: codes)
    }

    /// Adds a chunk's rows.
    ///
    /// - Parameters:
    ///   - names: the names in it with their rows, numbered within the chunk; names come one after the other.
    ///   - exceptions: gets the rows for which the rule fails.
    /// - Returns: whether it is still worth going on.
    mutating func add(
        _ values: [UInt32], bases: [UInt32], names: [(name: Int, rows: Range<Int>)], isConstant: Bool,
        _ exceptions: inout Exceptions
    ) -> Bool {
        exceptions.removeAll()
        for part in names {
            while name < part.name { finishName() }
            meaning.withUnsafeMutableBufferPointer { meaning in
                for row in part.rows {
                    let base = Int(bases[row])
                    let rule = meaning[base]
                    if rule == values[row] { continue }
                    if rule == DerivedCodes.undefined {
                        meaning[base] = values[row]
                        seen.append(UInt32(base))
                    } else {
                        exceptions.append(row, values[row])
                    }
                }
            }
        }
        rows += values.count
        guard map.bases.count + seen.count <= max(Self.patience, rows / Self.rowsAPair) else { return false }
        return isConstant || score.add(exceptions: exceptions.rows.count, rows: values.count)
    }

    private mutating func finishName() {
        seen.sort()
        for base in seen {
            map.bases.append(base)
            map.codes.append(meaning[Int(base)])
            meaning[Int(base)] = DerivedCodes.undefined
        }
        map.starts.append(map.bases.count)
        seen.removeAll(keepingCapacity: true)
        name += 1
    }

    /// Ends the last name; afterwards ``map`` is complete.
    ///
    /// - Returns: whether deriving is worth it.
    mutating func finish(names: Int) -> Bool {
        while name < names { finishName() }
        return map.bases.count <= rows / Self.rowsAPair && score.isWorthwhile
    }
}
