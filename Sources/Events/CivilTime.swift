/// The proleptic Gregorian calendar in UTC, as plain arithmetic on Unix milliseconds: no time zone data, no locale.
///
/// Event times lie between ``earliest`` and ``latest``; the functions are right for all years from -9999 to 9999.
public enum CivilTime {
    /// Milliseconds of a day.
    public static let millisecondsPerDay: Int64 = 86_400_000
    /// The first time an event can have: 1970-01-01T00:00:00Z, in Unix milliseconds.
    public static let earliest: Int64 = 0
    /// The last time an event can have: 9999-12-31T23:59:59.999Z, in Unix milliseconds.
    public static let latest: Int64 = 253_402_300_799_999

    /// Days from 1970-01-01 to a date; negative before it.
    ///
    /// - Parameters:
    ///   - year: the astronomical year, 0 being 1 BC.
    ///   - month: 1…12.
    ///   - day: 1…31; not checked against the month's length.
    /// - Complexity: O(1).
    public static func daysFromCivil(year: Int, month: Int, day: Int) -> Int {
        // Howard Hinnant's algorithm: years begin in March, so that the leap day is the last of a year.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date that lies a number of days after 1970-01-01.
    ///
    /// - Complexity: O(1).
    public static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// The number of days since 1970-01-01 of the day a time lies in, rounded towards the past.
    public static func day(of milliseconds: Int64) -> Int {
        let quotient = milliseconds / millisecondsPerDay
        return Int(milliseconds % millisecondsPerDay < 0 ? quotient - 1 : quotient)
    }

    /// Start of the calendar month a time lies in, Unix milliseconds.
    public static func monthStart(of milliseconds: Int64) -> Int64 {
        let date = civil(fromDays: day(of: milliseconds))
        return startOfMonth(year: date.year, month: date.month)
    }

    /// Start of the calendar month after the one a time lies in, Unix milliseconds.
    public static func monthEnd(of milliseconds: Int64) -> Int64 {
        let date = civil(fromDays: day(of: milliseconds))
        return date.month == 12
            ? startOfMonth(year: date.year + 1, month: 1) : startOfMonth(year: date.year, month: date.month + 1)
    }

    /// Start of a calendar month, Unix milliseconds.
    public static func startOfMonth(year: Int, month: Int) -> Int64 {
        Int64(daysFromCivil(year: year, month: month, day: 1)) * millisecondsPerDay
    }

    /// Number of days of a month.
    public static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: isLeapYear(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Whether a year has a 29th of February.
    public static func isLeapYear(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}
