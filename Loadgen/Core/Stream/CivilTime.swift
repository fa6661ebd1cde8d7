/// A day of the proleptic Gregorian calendar, and the way between it and Unix time, without a calendar library.
public struct CivilDate: Sendable, Hashable {
    /// The year, 1970 to 9999.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int

    /// The day that lies so many days after 1 January 1970.
    ///
    /// - Parameter daysSinceEpoch: Days, not negative.
    public init(daysSinceEpoch: Int) {
        // Counted in eras of 400 years that begin in March, so that the leap day is a year's last.
        let shifted = daysSinceEpoch + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Reads `YYYY-MM-DD`; nil if the text is no such day, or not in 1970…9999.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
            (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        // A 30 February would come back as another day.
        guard CivilDate(daysSinceEpoch: daysSinceEpoch) == self else { return nil }
    }

    /// Days since 1 January 1970.
    public var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Unix milliseconds of the day's first moment, UTC.
    public var milliseconds: Int64 { Int64(daysSinceEpoch) * 86_400_000 }
}

/// Writes Unix milliseconds as `2026-01-01T00:00:00.000Z`, remembering the day, which seldom changes from call to call.
struct TimeFormatter: Sendable {
    /// The length of every time in bytes.
    static let length = 24

    private var day = -1
    private var date = CivilDate(daysSinceEpoch: 0)

    /// Appends the time.
    mutating func append(_ milliseconds: Int64, to writer: inout LineWriter) {
        let clamped = Int(max(0, milliseconds))
        let (newDay, inDay) = clamped.quotientAndRemainder(dividingBy: 86_400_000)
        if newDay != day {
            day = newDay
            date = CivilDate(daysSinceEpoch: newDay)
        }
        let (seconds, millis) = inDay.quotientAndRemainder(dividingBy: 1000)
        writer.append(decimal: date.year, digits: 4)
        writer.append(byte: UInt8(ascii: "-"))
        writer.append(decimal: date.month, digits: 2)
        writer.append(byte: UInt8(ascii: "-"))
        writer.append(decimal: date.day, digits: 2)
        writer.append(byte: UInt8(ascii: "T"))
        writer.append(decimal: seconds / 3600, digits: 2)
        writer.append(byte: UInt8(ascii: ":"))
        writer.append(decimal: seconds / 60 % 60, digits: 2)
        writer.append(byte: UInt8(ascii: ":"))
        writer.append(decimal: seconds % 60, digits: 2)
        writer.append(byte: UInt8(ascii: "."))
        writer.append(decimal: millis, digits: 3)
        writer.append(byte: UInt8(ascii: "Z"))
    }
}
