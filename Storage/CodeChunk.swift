/// Up to 65,536 small integers of one column, as narrow as their range allows.
///
/// The loops over rows are here, generic over the width and specialised for each, so that queries see one type.
public enum CodeChunk: Sendable {
    /// The same number in every row; what a missing column costs.
    case constant(UInt32, count: Int)
    case narrow([UInt8])
    case medium([UInt16])
    case wide([UInt32])

    /// Rows in a full chunk.
    public static let rows = 65_536

    /// Stores values, all below `limit`, in the narrowest form.
    public init(_ values: ArraySlice<UInt32>, below limit: Int) {
        if let first = values.first, values.allSatisfy({ $0 == first }) {
            self = .constant(first, count: values.count)
        } else if limit <= 1 << 8 {
            self = .narrow(values.map { UInt8(truncatingIfNeeded: $0) })
        } else if limit <= 1 << 16 {
            self = .medium(values.map { UInt16(truncatingIfNeeded: $0) })
        } else {
            self = .wide(Array(values))
        }
    }

    /// Cuts a column into chunks.
    static func chunks(_ values: [UInt32], below limit: Int) -> [CodeChunk] {
        stride(from: 0, to: values.count, by: rows).map {
            CodeChunk(values[$0..<min($0 + rows, values.count)], below: limit)
        }
    }

    /// Number of rows.
    public var count: Int {
        switch self {
        case .constant(_, let count): count
        case .narrow(let values): values.count
        case .medium(let values): values.count
        case .wide(let values): values.count
        }
    }

    /// The highest code; 0 for an empty chunk.
    public var maximum: UInt32 {
        switch self {
        case .constant(let value, _): value
        case .narrow(let values): UInt32(values.max() ?? 0)
        case .medium(let values): UInt32(values.max() ?? 0)
        case .wide(let values): values.max() ?? 0
        }
    }

    /// Bytes held.
    public var bytes: Int {
        switch self {
        case .constant: 16
        case .narrow(let values): values.count + 32
        case .medium(let values): values.count * 2 + 32
        case .wide(let values): values.count * 4 + 32
        }
    }

    /// One row's code. For single rows only; the loops below are for columns.
    public subscript(row: Int) -> UInt32 {
        switch self {
        case .constant(let value, _): value
        case .narrow(let values): UInt32(values[row])
        case .medium(let values): UInt32(values[row])
        case .wide(let values): values[row]
        }
    }

    /// Appends the codes of all rows to `output`.
    public func append(to output: inout [UInt32]) {
        switch self {
        case .constant(let value, let count): output.append(contentsOf: repeatElement(value, count: count))
        case .narrow(let values): output.append(contentsOf: values.lazy.map { UInt32($0) })
        case .medium(let values): output.append(contentsOf: values.lazy.map { UInt32($0) })
        case .wide(let values): output.append(contentsOf: values)
        }
    }

    /// `output[i] = table[code of row i]` for the rows of `range`; `output` has room for `range.count`.
    ///
    /// The table must cover every code, which holds for tables made a dictionary's size: codes are checked when read.
    public func map<T: BitwiseCopyable>(
        _ range: Range<Int>, through table: UnsafeBufferPointer<T>, into output: UnsafeMutablePointer<T>
    ) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count && Int(maximumBound) <= table.count)
        switch self {
        case .constant(let value, _): output.update(repeating: table[Int(value)], count: range.count)
        case .narrow(let values): gather(values, range, table, output)
        case .medium(let values): gather(values, range, table, output)
        case .wide(let values): gather(values, range, table, output)
        }
    }

    // A cheap bound that makes the unchecked gather below safe for narrow and medium codes only when the table is as
    // long as the dictionary; the exact maximum is verified once, when a chunk is decoded or built.
    private var maximumBound: UInt32 {
        if case .constant(let value, _) = self { return value + 1 }
        return 1
    }

    @inline(__always)
    private func gather<C: FixedWidthInteger & UnsignedInteger, T: BitwiseCopyable>(
        _ codes: [C], _ range: Range<Int>, _ table: UnsafeBufferPointer<T>, _ output: UnsafeMutablePointer<T>
    ) {
        codes.withUnsafeBufferPointer { codes in
            var position = 0
            for row in range {
                output[position] = table[Int(truncatingIfNeeded: codes[row])]
                position &+= 1
            }
        }
    }
}
