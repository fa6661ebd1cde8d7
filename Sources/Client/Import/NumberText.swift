/// Decides what counts as a number in a cell, on bytes.
public enum NumberText {
    /// Whether the text is a number as JSON writes them.
    public static func isJSONNumber(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        let whole = digits(bytes, from: index)
        guard whole > index, whole == index + 1 || bytes[index] != UInt8(ascii: "0") else { return false }
        index = whole
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            let end = digits(bytes, from: index + 1)
            guard end > index + 1 else { return false }
            index = end
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            let end = digits(bytes, from: index)
            guard end > index else { return false }
            index = end
        }
        return index == bytes.count
    }

    /// Whether the text is a number that a double gives back as exactly the same text, so that nothing is lost by
    /// sending it as one.
    ///
    /// `007`, `1.50`, `1e5`, `-0` and numbers of more than 15 digits are not; they stay strings.
    public static func isCanonical(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Fifteen digits survive a double; a sign and a point come on top.
        guard (1...17).contains(bytes.count) else { return false }
        let isNegative = bytes[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        let whole = digits(bytes, from: start)
        guard whole > start, whole == start + 1 || bytes[start] != UInt8(ascii: "0") else { return false }
        if whole == bytes.count {
            return whole - start <= 15 && !(isNegative && bytes[start] == UInt8(ascii: "0"))
        }
        guard bytes[whole] == UInt8(ascii: ".") else { return false }
        let end = digits(bytes, from: whole + 1)
        guard end == bytes.count, end > whole + 1, bytes[end - 1] != UInt8(ascii: "0"), end - start <= 16 else {
            return false
        }
        // Below 0.0001 doubles are written with an exponent.
        if bytes[start] != UInt8(ascii: "0") { return true }
        return bytes[(whole + 1)..<min(whole + 5, end)].contains { $0 != UInt8(ascii: "0") }
    }

    /// The end of the digits that begin at `start`.
    private static func digits(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] &- 0x30 < 10 { index += 1 }
        return index
    }
}
