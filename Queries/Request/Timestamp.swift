/// Reads times as queries write them: RFC 3339 text or Unix milliseconds.
public enum Timestamp {
    /// The years 0000 to 9999 and the millisecond after them, which can end a range.
    public static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_800_000

    /// Reads an RFC 3339 time, a space for the `T` and small letters allowed. A fraction is cut to milliseconds, and a
    /// leap second is the last millisecond of its minute.
    ///
    /// - Returns: Unix milliseconds, or `nil` when the text is no such time or names no offset.
    public static func parse(rfc3339 text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 64, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == 0x20, bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]),
            (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, of: year), hour <= 23,
            minute <= 59, second <= 60
        else { return nil }
        var index = 19
        var milliseconds: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            var weight: Int64 = 100
            let start = index + 1
            index = start
            while index < bytes.count, let digit = number(bytes[index...index]) {
                milliseconds += digit * weight
                weight /= 10
                index += 1
            }
            guard index > start, index < bytes.count else { return nil }
        }
        guard let offset = offsetSeconds(bytes[index...]) else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        let seconds = hour * 3_600 + minute * 60 + min(second, 59) - offset
        let time = date.localMs + seconds * 1_000 + (second == 60 ? 999 : milliseconds)
        return range.contains(time) ? time : nil
    }

    /// Reads `Z` or `±HH:MM` as seconds east of Greenwich.
    static func offsetSeconds(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(bytes)
        if bytes.count == 1, bytes[0] | 0x20 == UInt8(ascii: "z") { return 0 }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"),
            bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
            let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6]), hours <= 23, minutes <= 59
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return bytes[0] == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// A number of nothing but digits.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Reads a time from a query.
    ///
    /// - Parameter path: The place in the query, for the message.
    /// - Throws: `invalid_time`.
    static func parse(_ value: JSONValue, path: String) throws(QueryError) -> Int64 {
        let help = "Write RFC 3339 as `2026-11-01T00:00:00Z` or Unix milliseconds, within the years 0000 to 9999"
        var milliseconds: Int64?
        switch value {
        case .integer(let number): milliseconds = number
        case .number(let number): milliseconds = Int64(exactly: number)
        case .string(let text): milliseconds = Int64(text) ?? parse(rfc3339: text)
        default: throw QueryError(.invalidTime, "`\(path)` is \(value.kindName), not a time. \(help)", field: path)
        }
        guard let milliseconds, range.contains(milliseconds) else {
            let shown = ShownText.quoted(value.canonicalText ?? "")
            throw QueryError(.invalidTime, "`\(path)`: \(shown) is no time. \(help)", field: path)
        }
        return milliseconds
    }
}

/// A day of the Gregorian calendar, carried back before its introduction.
struct CivilDate: Equatable {
    static let dayMs: Int64 = 86_400_000

    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day of a wall-clock time, given as milliseconds as if it were UTC.
    init(localMs: Int64) {
        // Counts in eras of 400 years that start on a first of March, so that a leap day ends its year.
        let days = localMs.flooredDivision(by: Self.dayMs) + 719_468
        let era = days.flooredDivision(by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Midnight of the day as milliseconds as if it were UTC.
    var localMs: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.flooredDivision(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era * 146_097 + dayOfEra - 719_468) * Self.dayMs
    }

    static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
