/// Reads times from the lines of a file.
package enum ReplayTime {
    /// The `time` of an event's line of JSON, Unix milliseconds; nil where there is none.
    ///
    /// Looks for the key outside of strings at the object's own level, so a property of that name is not taken for it.
    package static func ofEvent(_ line: [UInt8]) -> Int64? {
        var depth = 0
        var index = 0
        while index < line.count {
            switch line[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let start = index + 1
                index = endOfString(line, start)
                var after = index + 1
                while after < line.count, line[after] == 32 || line[after] == 58 { after += 1 }
                if depth == 1, line[start..<min(index, line.count)].elementsEqual("time".utf8), after > index + 1 {
                    return value(line, after)
                }
            default: break
            }
            index += 1
        }
        return nil
    }

    private static func endOfString(_ line: [UInt8], _ start: Int) -> Int {
        var index = start
        while index < line.count, line[index] != UInt8(ascii: "\"") { index += line[index] == 92 ? 2 : 1 }
        return index
    }

    private static func value(_ line: [UInt8], _ start: Int) -> Int64? {
        guard start < line.count else { return nil }
        if line[start] == UInt8(ascii: "\"") {
            let end = min(endOfString(line, start + 1), line.count)
            return ofText(line[(start + 1)..<end])
        }
        return digits(line[start...].prefix { (48...57).contains($0) })
    }

    /// `2026-01-01T00:00:00.000Z`, with or without a fraction, or with an offset such as `+02:00`.
    private static func ofText(_ text: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(text)
        guard bytes.count >= 20, let date = CivilDate(String(decoding: bytes[..<10], as: UTF8.self)),
            let hour = digits(bytes[11..<13]), let minute = digits(bytes[14..<16]), let second = digits(bytes[17..<19])
        else { return nil }
        var index = 19
        var milliseconds: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            var scale: Int64 = 100
            while index < bytes.count, (48...57).contains(bytes[index]) {
                milliseconds += Int64(bytes[index] - 48) * scale
                scale /= 10
                index += 1
            }
        }
        guard index < bytes.count, let offset = offset(bytes[index...]) else { return nil }
        return date.milliseconds + (hour * 3600 + minute * 60 + second - offset) * 1000 + milliseconds
    }

    /// Seconds of `Z`, `+02:00` or `+0200`.
    static func offset(_ text: ArraySlice<UInt8>) -> Int64? {
        if text.count == 1, text.first.map({ $0 | 32 }) == UInt8(ascii: "z") { return 0 }
        let figures = text.filter { (48...57).contains($0) }
        guard let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), figures.count == 4,
            let number = digits(figures[...])
        else { return nil }
        let seconds = number / 100 * 3600 + number % 100 * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// A whole number.
    static func digits(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard (1...18).contains(bytes.count) else { return nil }
        var number: Int64 = 0
        for byte in bytes {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + Int64(byte - 48)
        }
        return number
    }
}
