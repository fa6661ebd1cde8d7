/// Writes instants as RFC 3339 in a zone: `2026-11-01T00:00:00Z` in UTC, `2026-11-01T01:00:00+01:00` elsewhere.
///
/// Milliseconds appear only when they are not zero.
public struct TimeFormatter: Sendable {
    private let zone: TimeZoneSpec

    public init(_ zone: TimeZoneSpec) {
        self.zone = zone
    }

    /// The text of an instant given in Unix milliseconds; instants outside the years 0000 to 9999 show as their nearest
    /// end.
    public func string(_ time: Int64) -> String {
        var bytes: [UInt8] = []
        append(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text of an instant; see ``string(_:)``.
    public func append(_ time: Int64, to bytes: inout [UInt8]) {
        // A day inside the ends, so that no offset leads into a year of five digits or below zero.
        let time = time.clamped(to: (Timestamp.range.lowerBound + CivilDate.dayMs)...(Timestamp.range.upperBound - 1))
        // Offsets of old local mean times have seconds, which RFC 3339 cannot say; whole minutes name the same instant.
        let offsetMinutes = zone.offsetMs(at: time).flooredDivision(by: 60_000)
        let local = min(time + offsetMinutes * 60_000, Timestamp.range.upperBound - 1)
        let date = CivilDate(localMs: local)
        let milliseconds = local.flooredRemainder(by: CivilDate.dayMs)
        Self.append(date.year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.day, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Self.append(milliseconds / 3_600_000, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(milliseconds / 60_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(milliseconds / 1_000 % 60, digits: 2, to: &bytes)
        if milliseconds % 1_000 != 0 {
            bytes.append(UInt8(ascii: "."))
            Self.append(milliseconds % 1_000, digits: 3, to: &bytes)
        }
        if zone == .utc {
            bytes.append(UInt8(ascii: "Z"))
            return
        }
        bytes.append(offsetMinutes < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        let magnitude = Int64(offsetMinutes.magnitude)
        Self.append(magnitude / 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(magnitude % 60, digits: 2, to: &bytes)
    }

    private static func append(_ number: Int64, digits: Int, to bytes: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}
