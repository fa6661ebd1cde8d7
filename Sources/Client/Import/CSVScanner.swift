/// One cell of a record: where its content lies, counted from the record's first byte, without its quotes.
public struct CSVCell: Sendable, Equatable {
    /// First byte.
    public var start: Int32
    /// One past the last byte.
    public var end: Int32
    /// Whether the content holds doubled quotes that stand for one.
    public var hasEscapes: Bool
}

/// What a scan of the bytes after a record's beginning found.
public enum CSVScan: Sendable, Equatable {
    /// A record of `length` bytes, its line end included, over `newlines` line ends.
    case record(length: Int, newlines: Int)
    /// The record goes on past the bytes that are there.
    case incomplete
    /// The record breaks RFC 4180; its extent is known all the same.
    case malformed(length: Int, newlines: Int, reason: CSVFault)
}

/// How a record can break RFC 4180.
public enum CSVFault: String, Sendable {
    /// The file ends inside a quoted cell.
    case unclosedQuote = "a quoted cell has no closing quote"
    /// Something other than a delimiter or a line end follows a closing quote.
    case textAfterQuote = "text follows a closing quote"
}

/// Finds records and cells as RFC 4180 writes them.
///
/// Lines end with LF or CRLF. A quote counts only at a cell's beginning; elsewhere it stands for itself.
public enum CSVScanner {
    /// Scans one record from the first of `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: what is there, at most 2³¹ − 1 bytes.
    ///   - atEnd: whether nothing follows `bytes`; then a missing line end is no matter.
    ///   - delimiter: what stands between cells.
    ///   - cells: receives the record's cells; meaningless unless a record is returned.
    /// - Complexity: O(length of the record), without allocation once `cells` has its capacity.
    public static func scan(
        _ bytes: UnsafeRawBufferPointer, atEnd: Bool, delimiter: UInt8, cells: inout [CSVCell]
    ) -> CSVScan {
        let quote = UInt8(ascii: "\"")
        let newline = UInt8(ascii: "\n")
        let count = bytes.count
        cells.removeAll(keepingCapacity: true)
        var newlines = 0
        var index = 0
        var fault: CSVFault?
        while true {
            var start = index
            var end: Int
            var hasEscapes = false
            if index < count, bytes[index] == quote {
                start += 1
                index += 1
                while true {
                    guard index < count else {
                        guard atEnd else { return .incomplete }
                        return .malformed(length: count, newlines: newlines, reason: .unclosedQuote)
                    }
                    let byte = bytes[index]
                    index += 1
                    if byte == quote {
                        if index == count, !atEnd { return .incomplete }
                        guard index < count, bytes[index] == quote else { break }
                        hasEscapes = true
                        index += 1
                    } else if byte == newline {
                        newlines += 1
                    }
                }
                end = index - 1
                let after = index
                while index < count, bytes[index] != delimiter, bytes[index] != newline { index += 1 }
                if index == count, !atEnd { return .incomplete }
                let isOnlyReturn = index == after + 1 && bytes[after] == UInt8(ascii: "\r")
                let isAtLineEnd = index == count || bytes[index] == newline
                if index > after, !(isOnlyReturn && isAtLineEnd) { fault = .textAfterQuote }
            } else {
                while index < count, bytes[index] != delimiter, bytes[index] != newline { index += 1 }
                if index == count, !atEnd { return .incomplete }
                end = index
                let isAtLineEnd = index == count || bytes[index] == newline
                if isAtLineEnd, end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            }
            cells.append(
                CSVCell(
                    start: Int32(truncatingIfNeeded: start), end: Int32(truncatingIfNeeded: end),
                    hasEscapes: hasEscapes))
            if index < count, bytes[index] == delimiter {
                index += 1
                continue
            }
            if index < count {
                index += 1
                newlines += 1
            }
            if let fault { return .malformed(length: index, newlines: newlines, reason: fault) }
            return .record(length: index, newlines: newlines)
        }
    }
}
