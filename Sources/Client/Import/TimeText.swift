/// Reads the forms of time an import accepts, on bytes.
public enum TimeText {
    /// What a text says.
    public struct Reading: Sendable, Equatable {
        /// Unix milliseconds.
        public var milliseconds: Int64
        /// Whether the text is a form the server itself reads to the same moment.
        public var isNative: Bool
    }

    /// Reads RFC 3339, `YYYY-MM-DD HH:MM:SS[.fff]` (with a blank or `T`; without an offset it is UTC), and Unix seconds
    /// or milliseconds; numbers nearer to zero than 10¹¹ are seconds and may have a fraction.
    ///
    /// Fractions past the millisecond are cut off. `nil` for anything else.
    ///
    /// - Complexity: O(*n*), without allocation.
    public static func read(_ bytes: UnsafeRawBufferPointer) -> Reading? {
        guard let first = bytes.first else { return nil }
        if bytes.count >= 19, bytes[4] == UInt8(ascii: "-"), first &- 0x30 < 10 { return calendar(bytes) }
        return number(bytes)
    }

    private static func number(_ bytes: UnsafeRawBufferPointer) -> Reading? {
        let secondsLimit: Int64 = 100_000_000_000
        let isNegative = bytes[0] == UInt8(ascii: "-")
        var index = isNegative ? 1 : 0
        let start = index
        var whole: Int64 = 0
        while index < bytes.count, bytes[index] &- 0x30 < 10 {
            // Eighteen digits cannot overflow, and no time has more.
            guard index - start < 18 else { return nil }
            whole = whole * 10 + Int64(bytes[index] &- 0x30)
            index += 1
        }
        guard index > start else { return nil }
        if index == bytes.count {
            let isSeconds = whole < secondsLimit
            let value = isSeconds ? whole * 1000 : whole
            return Reading(milliseconds: isNegative ? -value : value, isNative: !isSeconds)
        }
        guard whole < secondsLimit, let fraction = fraction(bytes, &index), index == bytes.count else { return nil }
        let value = whole * 1000 + fraction
        return Reading(milliseconds: isNegative ? -value : value, isNative: false)
    }

    /// Reads `.` and at least one digit, as milliseconds.
    private static func fraction(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> Int64? {
        guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "."), bytes[index + 1] &- 0x30 < 10 else {
            return nil
        }
        index += 1
        var value: Int64 = 0
        var scale: Int64 = 100
        while index < bytes.count, bytes[index] &- 0x30 < 10 {
            value += Int64(bytes[index] &- 0x30) * scale
            scale /= 10
            index += 1
        }
        return value
    }

    private static func calendar(_ bytes: UnsafeRawBufferPointer) -> Reading? {
        let separator = bytes[10]
        guard bytes[7] == UInt8(ascii: "-"), separator == UInt8(ascii: " ") || separator | 0x20 == UInt8(ascii: "t"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let century = pair(bytes, 0), let yearOfCentury = pair(bytes, 2), let month = pair(bytes, 5),
            let day = pair(bytes, 8), let hour = pair(bytes, 11), let minute = pair(bytes, 14),
            let second = pair(bytes, 17)
        else { return nil }
        let year = century * 100 + yearOfCentury
        guard (1...12).contains(month), (1...daysIn(month: month, year: year)).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var index = 19
        var milliseconds: Int64 = 0
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            guard let fraction = fraction(bytes, &index) else { return nil }
            milliseconds = fraction
        }
        guard let offset = offset(bytes, from: index) else { return nil }
        let seconds = daysSince1970(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
        return Reading(
            milliseconds: (seconds - offset * 60) * 1000 + milliseconds,
            isNative: index < bytes.count && separator | 0x20 == UInt8(ascii: "t"))
    }

    /// Minutes east of UTC at the end of a time: nothing, `Z` or `±HH:MM`.
    private static func offset(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Int64? {
        if index == bytes.count { return 0 }
        if index + 1 == bytes.count, bytes[index] | 0x20 == UInt8(ascii: "z") { return 0 }
        guard index + 6 == bytes.count, bytes[index + 3] == UInt8(ascii: ":"), let hours = pair(bytes, index + 1),
            let minutes = pair(bytes, index + 4), hours < 24, minutes < 60
        else { return nil }
        switch bytes[index] {
        case UInt8(ascii: "+"): return hours * 60 + minutes
        case UInt8(ascii: "-"): return -(hours * 60 + minutes)
        default: return nil
        }
    }

    private static func pair(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int64? {
        let tens = bytes[index] &- 0x30
        let ones = bytes[index + 1] &- 0x30
        guard tens < 10, ones < 10 else { return nil }
        return Int64(tens) * 10 + Int64(ones)
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar, by counting years from March.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year + 399 : year + 400
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era - 1) * 146_097 + dayOfEra - 719_468
    }
}
