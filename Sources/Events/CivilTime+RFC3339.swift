extension CivilTime {
    /// Reads an RFC 3339 date and time: `2026-11-01T12:00:00Z`, with any offset and a fraction of any length.
    ///
    /// A fraction is cut to milliseconds. `t`, `z` and a space instead of the `T` are taken too. A leap second (`:60`)
    /// becomes the last millisecond before it ends, `:59.999`, since Unix time has no room for it.
    ///
    /// - Returns: Unix milliseconds, also before 1970 or, through an offset, after 9999; `nil` where the text is no
    ///   such
    ///   time or the date does not exist.
    /// - Complexity: O(bytes). Allocates nothing.
    public static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        // The shortest form is YYYY-MM-DDTHH:MM:SSZ.
        guard bytes.count >= 20,
            let century = digits(bytes, 0), let yearOfCentury = digits(bytes, 2),
            bytes[4] == UInt8(ascii: "-"), let month = digits(bytes, 5),
            bytes[7] == UInt8(ascii: "-"), let day = digits(bytes, 8),
            isDateTimeSeparator(bytes[10]), let hour = digits(bytes, 11),
            bytes[13] == UInt8(ascii: ":"), let minute = digits(bytes, 14),
            bytes[16] == UInt8(ascii: ":"), let second = digits(bytes, 17)
        else { return nil }
        let year = century &* 100 &+ yearOfCentury
        guard month >= 1, month <= 12, day >= 1, day <= daysInMonth(year: year, month: month),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }

        var position = 19
        var fraction = 0
        if bytes[position] == UInt8(ascii: ".") {
            guard let end = parseFraction(bytes, from: position + 1, into: &fraction) else { return nil }
            position = end
        }
        guard let offset = parseOffset(bytes, from: position) else { return nil }
        let wholeSeconds = second == 60 ? 59_999 : second &* 1000 &+ fraction
        let timeOfDay = (hour &* 60 &+ minute &- offset) &* 60_000 &+ wholeSeconds
        return Int64(daysFromCivil(year: year, month: month, day: day)) &* millisecondsPerDay &+ Int64(timeOfDay)
    }

    /// Reads an RFC 3339 date and time from a string; see ``parse(_:)-(UnsafeRawBufferPointer)``.
    public static func parse(_ text: String) -> Int64? {
        var copy = text
        return copy.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
    }

    /// Writes a time as RFC 3339 in UTC, with milliseconds only where there are any: `2026-11-01T00:00:00Z`.
    ///
    /// - Parameter milliseconds: Unix milliseconds of a year from 0 to 9999.
    public static func format(_ milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        append(milliseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what ``format(_:)`` returns.
    public static func append(_ milliseconds: Int64, to bytes: inout [UInt8]) {
        let days = day(of: milliseconds)
        let date = civil(fromDays: days)
        let rest = Int(milliseconds - Int64(days) * millisecondsPerDay)
        appendDigits(date.year, count: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(date.month, count: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(date.day, count: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        appendDigits(rest / 3_600_000, count: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(rest / 60_000 % 60, count: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(rest / 1000 % 60, count: 2, to: &bytes)
        if rest % 1000 != 0 {
            bytes.append(UInt8(ascii: "."))
            appendDigits(rest % 1000, count: 3, to: &bytes)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    private static func appendDigits(_ number: Int, count: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: (number / divisor % 10).magnitude))
            divisor /= 10
        }
    }

    /// Two decimal digits.
    @inline(__always)
    private static func digits(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        let tens = Int(bytes[position]) &- 48
        let ones = Int(bytes[position &+ 1]) &- 48
        guard tens >= 0, tens <= 9, ones >= 0, ones <= 9 else { return nil }
        return tens &* 10 &+ ones
    }

    @inline(__always)
    private static func isDateTimeSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "T") || byte == UInt8(ascii: "t") || byte == UInt8(ascii: " ")
    }

    /// Reads the digits behind the point; returns where they end, `nil` if there are none.
    private static func parseFraction(
        _ bytes: UnsafeRawBufferPointer, from start: Int, into milliseconds: inout Int
    ) -> Int? {
        var position = start
        var unit = 100
        while position < bytes.count {
            let digit = Int(bytes[position]) &- 48
            guard digit >= 0, digit <= 9 else { break }
            milliseconds &+= digit &* unit
            unit /= 10
            position &+= 1
        }
        return position == start ? nil : position
    }

    /// Reads `Z` or `±HH:MM`, which must be the rest of the text; returns minutes.
    private static func parseOffset(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        let sign = bytes[start]
        if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return start + 1 == bytes.count ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), bytes.count == start + 6,
            let hours = digits(bytes, start + 1), bytes[start + 3] == UInt8(ascii: ":"),
            let minutes = digits(bytes, start + 4), hours <= 23, minutes <= 59
        else { return nil }
        let offset = hours * 60 + minutes
        return sign == UInt8(ascii: "-") ? -offset : offset
    }
}
