/// Finds a visitor's id in the bytes of a refused event, which need not be JSON that anything could parse.
///
/// The id is found as a JSON string, however its characters are escaped and wherever it stands, also where the closing
/// quote is missing because the event was cut off; as the bare value of a field `visitor`, for an id that looks like a
/// number; and, if it is long enough to mean nobody else, anywhere.
package struct VisitorText {
    /// Bytes from which on an id is looked for within longer texts too.
    package static let distinctiveBytes = 8

    private let id: [UInt8]

    /// Looks for an id, which is not empty.
    package init(_ id: String) { self.id = Array(id.utf8) }

    /// Whether the id occurs in an event.
    ///
    /// - Complexity: O(bytes) but for ids that begin with long repetitions.
    package func occurs(in event: UnsafeRawBufferPointer) -> Bool {
        guard let first = id.first else { return false }
        let isDistinctive = id.count >= Self.distinctiveBytes
        var previous: UInt8 = 0
        for start in 0..<event.count {
            defer { previous = event[start] }
            // Most positions are passed here: an id begins with its first byte or with an escape.
            guard event[start] == first || event[start] == Self.backslash else { continue }
            guard isDistinctive || previous == Self.quote || isBareVisitor(event, start) else { continue }
            guard let end = end(of: event, from: start) else { continue }
            if isDistinctive || isClosed(event, end, isQuoted: previous == Self.quote) { return true }
        }
        return false
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let spaces: [UInt8] = [0x20, 0x09, 0x0a, 0x0d]

    /// Where the id ends if it stands at `start`.
    private func end(of event: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var position = start
        var matched = 0
        while matched < id.count {
            guard position < event.count else { return nil }
            if event[position] == id[matched], event[position] != Self.backslash {
                position += 1
                matched += 1
                continue
            }
            guard let (bytes, next) = Self.escape(event, at: position),
                id[matched...].starts(with: bytes)
            else { return nil }
            position = next
            matched += bytes.count
        }
        return position
    }

    /// Whether the text ends at `position`.
    private func isClosed(_ event: UnsafeRawBufferPointer, _ position: Int, isQuoted: Bool) -> Bool {
        guard position < event.count else { return true }
        let byte = event[position]
        if !isQuoted { return byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || Self.spaces.contains(byte) }
        // JSON within a JSON string has its quotes escaped.
        if byte == Self.backslash { return position + 1 < event.count && event[position + 1] == Self.quote }
        return byte == Self.quote
    }

    /// Whether what begins at `start` is the value of a field `visitor`, without quotes.
    private func isBareVisitor(_ event: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        var before = start
        func skipSpaces() { while before > 0, Self.spaces.contains(event[before - 1]) { before -= 1 } }
        skipSpaces()
        guard before > 0, event[before - 1] == UInt8(ascii: ":") else { return false }
        before -= 1
        skipSpaces()
        return UnsafeRawBufferPointer(rebasing: event[..<before]).suffix(9).elementsEqual(#""visitor""#.utf8)
    }

    /// The UTF-8 bytes of the JSON escape at a position, and what follows it; `nil` if there is none.
    private static func escape(
        _ event: UnsafeRawBufferPointer, at position: Int
    ) -> (bytes: [UInt8], next: Int)? {
        guard position + 1 < event.count, event[position] == backslash else { return nil }
        switch event[position + 1] {
        case quote, backslash, UInt8(ascii: "/"): return ([event[position + 1]], position + 2)
        case UInt8(ascii: "b"): return ([0x08], position + 2)
        case UInt8(ascii: "f"): return ([0x0c], position + 2)
        case UInt8(ascii: "n"): return ([0x0a], position + 2)
        case UInt8(ascii: "r"): return ([0x0d], position + 2)
        case UInt8(ascii: "t"): return ([0x09], position + 2)
        case UInt8(ascii: "u"):
            guard let unit = unit(event, at: position) else { return nil }
            if let scalar = Unicode.Scalar(unit) { return (Array(String(Character(scalar)).utf8), position + 6) }
            guard let low = self.unit(event, at: position + 6), (0xd800..<0xdc00).contains(unit),
                (0xdc00..<0xe000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + UInt32(low) - 0xdc00)
            else { return nil }
            return (Array(String(Character(scalar)).utf8), position + 12)
        default: return nil
        }
    }

    /// The UTF-16 unit of an escape `\uXXXX`.
    private static func unit(_ event: UnsafeRawBufferPointer, at position: Int) -> UInt16? {
        guard position + 6 <= event.count, event[position] == backslash,
            event[position + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt16 = 0
        for byte in event[(position + 2)..<(position + 6)] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return unit
    }
}
