/// The accepted events of one request that fall into one site and one calendar month, as columns in order of arrival.
///
/// A batch is confined to the task that decodes it until it is turned into a run; it is not thread-safe. That is also
/// why the dynamic exclusivity checks on its variables are off: they cost a quarter of decoding and guard against
/// nothing here. Times are offsets from the month's start, so that they fit 32 bits.
public final class ColumnBatch {
    /// The site all rows belong to.
    public let site: String
    /// Start of the calendar month (UTC) all rows lie in, Unix milliseconds.
    public let month: Int64
    /// The store's hash function.
    public let hash: EventHash
    /// Number of rows.
    @exclusivity(unchecked) public private(set) var rows = 0
    /// Event times, milliseconds since ``month``.
    @exclusivity(unchecked) public private(set) var times: [UInt32] = []
    /// Idempotency ids, hashed; 0 for rows without one.
    @exclusivity(unchecked) public private(set) var ids: [UInt64] = []
    /// The measure; NaN for rows without one.
    @exclusivity(unchecked) public private(set) var values: [Double] = []
    /// Which request of a group each row came with; empty where all came with one.
    @exclusivity(unchecked) public private(set) var origins: [UInt32] = []
    /// Whether any row has a measure.
    @exclusivity(unchecked) public private(set) var hasValues = false
    /// The distinct event names; no row has code 0.
    @exclusivity(unchecked) public private(set) var names = ValueTable()
    /// Event name of each row, a code of ``names``.
    @exclusivity(unchecked) public private(set) var nameCodes: [UInt32] = []
    /// The distinct visitors; no row has code 0.
    @exclusivity(unchecked) public private(set) var visitors = ValueTable()
    /// Visitor of each row, a code of ``visitors``.
    @exclusivity(unchecked) public private(set) var visitorCodes: [UInt32] = []
    /// The dictionary columns: first ``Field/dictionaryFields``, then properties as they turned up.
    @exclusivity(unchecked) public private(set) var columns: [BatchColumn]

    /// Whether the site keeps the query strings of its URLs.
    @exclusivity(unchecked) public internal(set) var keepsQueryString = false

    /// Creates an empty batch.
    public init(site: String, month: Int64, hash: EventHash) {
        self.site = site
        self.month = month
        self.hash = hash
        columns = ColumnBatch.emptyColumns
    }

    private static let emptyColumns = Field.dictionaryFields.map { BatchColumn(name: $0.rawValue) }

    /// Adds a row with the parts every event has; its other columns are set afterwards with
    /// ``set(column:bytes:kind:)``.
    ///
    /// - Parameter nameHash: that of `name`, where the caller knows it.
    public func appendRow(
        time: UInt32, id: UInt64, value: Double?, name: UnsafeRawBufferPointer, nameHash: UInt64? = nil,
        visitor: UnsafeRawBufferPointer
    ) {
        times.append(time)
        ids.append(id)
        if let value {
            values.append(value)
            hasValues = true
        } else {
            values.append(.nan)
        }
        nameCodes.append(names.intern(name, kind: .string, hash: nameHash ?? hash(name)))
        visitorCodes.append(visitors.intern(visitor, kind: .string, hash: hash(visitor)))
        rows += 1
    }

    /// Notes which request of a group the newest row came with.
    @inline(__always)
    func noteOrigin(_ origin: UInt32) {
        origins.append(origin)
    }

    /// Adds a property column.
    ///
    /// - Parameter name: without the `props.` prefix.
    /// - Returns: its index in ``columns``. The caller remembers it; adding the same name twice makes two columns.
    public func addPropertyColumn(_ name: String) -> Int {
        columns.append(BatchColumn(name: Field.propertyPrefix + name))
        return columns.count - 1
    }

    /// Sets a column of the newest row. The last of several calls for one column wins.
    @inline(__always)
    public func set(column: Int, bytes: UnsafeRawBufferPointer, kind: ValueKind) {
        let code = columns[column].table.intern(bytes, kind: kind, hash: hash(bytes))
        columns[column].set(code, row: rows - 1)
    }

    /// Sets a column of the newest row to several values, duplicates among them counting once.
    public func setList(column: Int, _ values: [(bytes: UnsafeRawBufferPointer, kind: ValueKind)]) {
        var members: [UInt32] = []
        for value in values {
            let code = columns[column].table.intern(value.bytes, kind: value.kind, hash: hash(value.bytes))
            if !members.contains(code) { members.append(code) }
        }
        let code = columns[column].table.internList(members, hash: hash)
        columns[column].set(code, row: rows - 1)
    }
}

/// Columns worked out of others, a whole batch at a time.
extension ColumnBatch {
    /// Returns the code of a value in a column, adding it if it is new, without giving it to any row.
    ///
    /// - Parameter hash: that of `bytes` by ``hash``.
    public func intern(_ bytes: UnsafeRawBufferPointer, kind: ValueKind, hash: UInt64, column: Int) -> UInt32 {
        columns[column].table.intern(bytes, kind: kind, hash: hash)
    }

    /// Gives every row its code of a column.
    ///
    /// - Parameter codes: codes of the column's table, at most one for each row; rows without one have no value.
    public func setCodes(_ codes: [UInt32], column: Int) {
        precondition(codes.count <= rows, "a row has one code of a column")
        columns[column].codes = codes
    }

    /// Puts another table in the place of a column's, and other codes for its rows.
    public func replace(column: Int, table: ValueTable, codes: [UInt32]) {
        precondition(codes.count <= rows, "a row has one code of a column")
        columns[column].table = table
        columns[column].codes = codes
    }
}

/// One dictionary column of a batch.
public struct BatchColumn: Sendable {
    /// The dimension's name, `props.NAME` for properties.
    public let name: String
    /// Its distinct values.
    public var table = ValueTable()
    /// A code a row; shorter than the batch where the last rows have no value.
    public fileprivate(set) var codes: [UInt32] = []

    init(name: String) {
        self.name = name
    }

    @inline(__always)
    mutating func set(_ code: UInt32, row: Int) {
        if codes.count == row {
            codes.append(code)
        } else if codes.count < row {
            pad(to: row)
            codes.append(code)
        } else {
            codes[row] = code
        }
    }

    @inline(never)
    private mutating func pad(to row: Int) {
        codes.append(contentsOf: repeatElement(0, count: row - codes.count))
    }
}
