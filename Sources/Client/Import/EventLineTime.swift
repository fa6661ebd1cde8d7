/// Turns the forms of time that only an import accepts into milliseconds, in a line of NDJSON.
public enum EventLineTime {
    /// Where the value of the line's own `time` member lies, and what replaces it.
    public struct Replacement: Sendable, Equatable {
        /// The value's bytes, its quotes included.
        public var range: Range<Int>
        /// Unix milliseconds.
        public var milliseconds: Int64
    }

    /// Looks for a `time` of a form the server would not read, or would read differently: a calendar time without an
    /// offset, or Unix seconds.
    ///
    /// `nil` where the line is to be sent as it is, which is also so for a line that is no JSON.
    ///
    /// - Complexity: O(*n*), without allocation.
    public static func replacement(in line: UnsafeRawBufferPointer) -> Replacement? {
        let quote = UInt8(ascii: "\"")
        var depth = 0
        var index = 0
        while index < line.count {
            switch line[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case quote:
                let start = index + 1
                guard let end = endOfString(line, from: start) else { return nil }
                index = end
                guard depth == 1, end - start == 4, line[start..<end].elementsEqual("time".utf8) else { break }
                var colon = end + 1
                skipBlanks(line, &colon)
                guard colon < line.count, line[colon] == UInt8(ascii: ":") else { break }
                colon += 1
                skipBlanks(line, &colon)
                return value(line, from: colon)
            default: break
            }
            index += 1
        }
        return nil
    }

    private static func value(_ line: UnsafeRawBufferPointer, from start: Int) -> Replacement? {
        guard start < line.count else { return nil }
        var content = start..<start
        var range = content
        if line[start] == UInt8(ascii: "\"") {
            guard let end = endOfString(line, from: start + 1) else { return nil }
            content = start + 1..<end
            range = start..<end + 1
        } else {
            var end = start
            while end < line.count, !" \t\r\n,}]".utf8.contains(line[end]) { end += 1 }
            content = start..<end
            range = content
        }
        let reading = TimeText.read(UnsafeRawBufferPointer(rebasing: line[content]))
        // A number in quotes is none of the server's forms, whatever its size.
        let isQuotedNumber = range != content && content.count < 19
        guard let reading, !reading.isNative || isQuotedNumber else { return nil }
        return Replacement(range: range, milliseconds: reading.milliseconds)
    }

    /// The closing quote of a string whose content begins at `start`.
    private static func endOfString(_ line: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while index < line.count {
            switch line[index] {
            case UInt8(ascii: "\""): return index
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }

    private static func skipBlanks(_ line: UnsafeRawBufferPointer, _ index: inout Int) {
        while index < line.count, line[index] == 0x20 || line[index] == 0x09 { index += 1 }
    }
}
