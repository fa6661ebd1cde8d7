import Foundation

/// Intervals of a time zone, one after the other.
struct ReferenceCalendar {
    let zone: TimeZone

    /// - Parameter name: an IANA name; `nil` for an unknown one.
    init?(name: String) {
        guard let zone = TimeZone(identifier: name) else { return nil }
        self.zone = zone
    }

    /// The instant in the zone's offset at that instant.
    func instant(_ milliseconds: Int64) -> Instant {
        Instant(milliseconds: milliseconds, offset: Int(offset(milliseconds) / 60_000))
    }

    private func offset(_ milliseconds: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(milliseconds) / 1000))) * 1000
    }

    /// The instant at which a local day begins. Good for zones whose clocks never change at midnight.
    private func startOfDay(_ days: Int64) -> Int64 {
        let local = days * 86_400_000
        let guess = local - offset(local)
        return local - offset(guess)
    }

    /// Start of the interval that contains an instant.
    func start(of interval: String, containing milliseconds: Int64) -> Int64 {
        let local = milliseconds + offset(milliseconds)
        let days = Civil.floorDivide(local, 86_400_000)
        switch interval {
        case "minute": return milliseconds - (local - Civil.floorDivide(local, 60_000) * 60_000)
        case "hour": return milliseconds - (local - Civil.floorDivide(local, 3_600_000) * 3_600_000)
        case "week":
            // 1970-01-01 was a Thursday, three days after a Monday.
            return startOfDay(Civil.floorDivide(days + 3, 7) * 7 - 3)
        case "month":
            let date = Civil.date(days: days)
            return startOfDay(Civil.days(year: date.year, month: date.month, day: 1))
        default: return startOfDay(days)
        }
    }

    /// Start of the interval after the one that begins at an instant.
    func next(after start: Int64, interval: String) -> Int64 {
        let days = Civil.floorDivide(start + offset(start), 86_400_000)
        switch interval {
        case "minute": return start + 60_000
        case "hour": return start + 3_600_000
        case "week": return startOfDay(days + 7)
        case "month":
            let date = Civil.date(days: days)
            return date.month == 12
                ? startOfDay(Civil.days(year: date.year + 1, month: 1, day: 1))
                : startOfDay(Civil.days(year: date.year, month: date.month + 1, day: 1))
        default: return startOfDay(days + 1)
        }
    }
}
