import Foundation

/// The zone in which a query's calendar runs.
public enum TimeZoneSpec: Sendable, Hashable {
    case utc
    /// A fixed offset, in seconds east of Greenwich.
    case fixed(seconds: Int)
    /// A zone of the IANA database, with its summer times.
    case named(TimeZone)

    /// Reads `UTC`, an offset such as `+02:00`, or an IANA name such as `Europe/Berlin`.
    ///
    /// - Parameter path: The place in the query, for the message.
    /// - Throws: `unknown_timezone`.
    public init(_ text: String, path: String = "timezone") throws(QueryError) {
        if ["UTC", "Etc/UTC", "GMT", "Z"].contains(text) {
            self = .utc
        } else if let seconds = Timestamp.offsetSeconds(ArraySlice(text.utf8)), seconds.magnitude <= 18 * 3_600 {
            self = seconds == 0 ? .utc : .fixed(seconds: Int(seconds))
        } else if !text.isEmpty, text.utf8.count <= 64, let zone = TimeZone(identifier: text) {
            self = .named(zone)
        } else {
            throw QueryError(
                .unknownTimezone,
                "`\(path)`: there is no time zone \(ShownText.quoted(text)). "
                    + "Write an IANA name such as `Europe/Berlin`, an offset such as `+02:00`, or `UTC`", field: path)
        }
    }

    /// The offset from UTC at an instant, in milliseconds.
    public func offsetMs(at time: Int64) -> Int64 {
        switch self {
        case .utc: 0
        case .fixed(let seconds): Int64(seconds) * 1_000
        case .named(let zone):
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time) / 1_000))) * 1_000
        }
    }
}

/// A zone's offset at many instants in a row, asked of the database only where it can have changed.
struct ZoneClock {
    private let zone: TimeZoneSpec
    private var known: Range<Int64> = 0..<0
    private var offset: Int64 = 0

    /// No zone has changed its clock twice within so short a time, so equal offsets at both ends hold in between.
    private static let step: Int64 = 6 * 3_600_000

    init(_ zone: TimeZoneSpec) {
        self.zone = zone
        switch zone {
        case .utc: known = Int64.min..<Int64.max
        case .fixed(let seconds):
            known = Int64.min..<Int64.max
            offset = Int64(seconds) * 1_000
        case .named: break
        }
    }

    /// The offset from UTC at an instant, in milliseconds.
    mutating func offset(at time: Int64) -> Int64 {
        if known.contains(time) { return offset }
        offset = zone.offsetMs(at: time)
        let end = time + Self.step
        known = zone.offsetMs(at: end) == offset ? time..<end : time..<(time + 1)
        return offset
    }

    /// What the wall clock shows, as milliseconds as if it were UTC.
    mutating func local(_ time: Int64) -> Int64 {
        time + offset(at: time)
    }

    /// The first instant at which the wall clock shows this time, or, where it jumps over it, a later one.
    mutating func firstInstant(ofLocal local: Int64) -> Int64 {
        // Offsets lie within a day of zero, so these two instants are before and after every candidate.
        let before = offset(at: local - CivilDate.dayMs)
        let after = offset(at: local + CivilDate.dayMs)
        let early = local - max(before, after)
        let late = local - min(before, after)
        if self.local(early) == local { return early }
        if self.local(late) == local { return late }
        // The clock jumps over it: the instant of the jump is the first at which the clock shows a later time.
        var low = early
        var high = late
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if self.local(middle) >= local { high = middle } else { low = middle }
        }
        return high
    }
}
