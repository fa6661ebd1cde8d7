import Foundation

/// An instant with the offset it was written in.
///
/// Parsing and writing are done by hand, so that the tests do not lean on the code they test.
public struct Instant: Equatable, Sendable {
    /// Unix milliseconds.
    public let milliseconds: Int64
    /// Offset from UTC, minutes.
    public let offset: Int

    /// An instant in UTC.
    public init(milliseconds: Int64, offset: Int = 0) {
        self.milliseconds = milliseconds
        self.offset = offset
    }

    /// Parses RFC 3339, `nil` for everything else. Fractions are cut to milliseconds.
    public init?(parsing text: String) {
        let bytes = Array(text.utf8)
        func number(_ from: Int, _ count: Int) -> Int64? {
            guard from + count <= bytes.count else { return nil }
            return Int64(String(decoding: bytes[from..<(from + count)], as: UTF8.self))
        }
        guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[13] == 0x3A, bytes[16] == 0x3A,
            let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), (1...12).contains(month),
            let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2)
        else { return nil }
        var position = 19
        var fraction: Int64 = 0
        if bytes[position] == UInt8(ascii: ".") {
            var scale: Int64 = 100
            position += 1
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                fraction += Int64(bytes[position] - 0x30) * scale
                scale /= 10
                position += 1
            }
        }
        guard position < bytes.count else { return nil }
        var offset = 0
        switch bytes[position] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            guard bytes.count == position + 1 else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard bytes.count == position + 6, let hours = number(position + 1, 2),
                let minutes = number(position + 4, 2)
            else { return nil }
            offset = Int(hours * 60 + minutes) * (bytes[position] == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        let days = Civil.days(year: year, month: month, day: day)
        let local = ((days * 24 + hour) * 60 + minute) * 60 + second
        milliseconds = (local - Int64(offset) * 60) * 1000 + fraction
        self.offset = offset
    }

    /// RFC 3339, with milliseconds where there are any and `Z` for UTC.
    public var text: String {
        let local = milliseconds + Int64(offset) * 60_000
        let days = Civil.floorDivide(local, 86_400_000)
        let rest = local - days * 86_400_000
        let date = Civil.date(days: days)
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        var text = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
        text += "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2))"
        if rest % 1000 != 0 { text += "." + padded(rest % 1000, 3) }
        if offset == 0 { return text + "Z" }
        let minutes = Int64(abs(offset))
        return text + (offset < 0 ? "-" : "+") + "\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
    }
}

/// The civil calendar by arithmetic.
enum Civil {
    /// Division that rounds down.
    static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }

    /// Days since 1970-01-01.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date a number of days after 1970-01-01.
    static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
    }
}
