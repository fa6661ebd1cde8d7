import Foundation
import Queries
import Testing

@Suite("Times, durations, zones and ranges of queries")
struct RequestTimeTests {
    @Test(
        "RFC 3339 is read with any offset and fraction",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-01T00:00:00Z", 1_793_491_200_000),
            ("2026-11-01t01:00:00.5+01:00", 1_793_491_200_500), ("2026-10-31 20:00:00-04:00", 1_793_491_200_000),
            ("2026-11-01T00:00:00.123999999z", 1_793_491_200_123), ("2016-12-31T23:59:60Z", 1_483_228_799_999),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("1969-12-31T23:59:59.999Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("2023-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil), ("2026-00-01T00:00:00Z", nil),
            ("2026-04-31T00:00:00Z", nil), ("2026-11-01T24:00:00Z", nil), ("2026-11-01T00:60:00Z", nil),
            ("2026-11-01T00:00:00", nil), ("2026-11-01", nil), ("2026-11-01T00:00:00.Z", nil), ("", nil),
            ("2026-11-01T00:00:00+0100", nil), ("2026-11-01T00:00:00Zx", nil), ("2o26-11-01T00:00:00Z", nil),
            ("0000-01-01T00:00:00+01:00", nil), ("1900-02-29T00:00:00Z", nil),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
        ] as [(String, Int64?)])
    func rfc3339(text: String, milliseconds: Int64?) {
        #expect(Timestamp.parse(rfc3339: text) == milliseconds)
    }

    @Test(
        "Durations have one number and one unit",
        arguments: [
            ("90s", 90_000), ("30m", 1_800_000), ("1h", 3_600_000), ("7d", 604_800_000), ("2w", 1_209_600_000),
            ("5ms", 5), ("1500", 1_500), ("0s", 0), ("9223372036854775807", .max),
            ("9223372036854775ms", 9_223_372_036_854_775),
            ("106751991167d", 9_223_372_036_828_800_000), ("106751991168d", nil), ("9223372036854775808", nil),
            ("", nil),
            ("h", nil), ("-1h", nil), ("1.5h", nil), ("1 h", nil), ("1H", nil), ("1y", nil), ("1h30m", nil),
        ] as [(String, Int64?)])
    func durations(text: String, milliseconds: Int64?) {
        #expect(DurationText.parse(text) == milliseconds)
    }

    @Test("Times are written in their zone, milliseconds only where there are any")
    func formats() throws {
        let instant: Int64 = 1_793_491_200_000
        #expect(TimeFormatter(.utc).string(instant) == "2026-11-01T00:00:00Z")
        #expect(TimeFormatter(.utc).string(instant + 7) == "2026-11-01T00:00:00.007Z")
        #expect(TimeFormatter(.utc).string(-1) == "1969-12-31T23:59:59.999Z")
        #expect(TimeFormatter(try TimeZoneSpec("Europe/Berlin")).string(instant) == "2026-11-01T01:00:00+01:00")
        #expect(TimeFormatter(try TimeZoneSpec("America/New_York")).string(instant) == "2026-10-31T20:00:00-04:00")
        #expect(TimeFormatter(try TimeZoneSpec("Asia/Kolkata")).string(instant) == "2026-11-01T05:30:00+05:30")
        #expect(TimeFormatter(try TimeZoneSpec("-03:30")).string(instant) == "2026-10-31T20:30:00-03:30")
        for extreme in [Int64.min, Int64.max] {
            for zone in ["UTC", "+14:00", "-12:00"] {
                #expect(TimeFormatter(try TimeZoneSpec(zone)).string(extreme).count >= 20)
            }
        }
    }

    @Test("What is written is read back as the same instant", arguments: ["UTC", "Europe/Berlin", "Africa/Monrovia"])
    func formatRoundTrip(zone: String) throws {
        let formatter = TimeFormatter(try TimeZoneSpec(zone))
        var time: Int64 = -3_000_000_000_123
        while time < 3_000_000_000_000 {
            #expect(Timestamp.parse(rfc3339: formatter.string(time)) == time)
            time += 7_654_321_987
        }
    }

    @Test("Zones are UTC, offsets and IANA names, and nothing else")
    func zones() throws {
        #expect(try TimeZoneSpec("UTC") == .utc)
        #expect(try TimeZoneSpec("+00:00") == .utc)
        #expect(try TimeZoneSpec("+05:30") == .fixed(seconds: 19_800))
        #expect(try TimeZoneSpec("-12:00") == .fixed(seconds: -43_200))
        for name in ["", "Mars/Olympus", "+25:00", "+5", "Europe/berlin2", "../etc/passwd", "+19:00"] {
            let error = #expect(throws: QueryError.self) { try TimeZoneSpec(name) }
            #expect(error?.code == "unknown_timezone")
        }
    }

    private let now: Int64 = 1_793_530_800_000  // 2026-11-01T11:00:00Z
    private let hour: Int64 = 3_600_000

    private func resolve(
        _ range: TimeRange, _ zone: String = "UTC", first: Int64? = 1_000, last: Int64? = 2_000
    ) throws -> ResolvedRange {
        try range.resolve(now: now, firstEvent: first, lastEvent: last, timezone: try TimeZoneSpec(zone))
    }

    @Test("Relative ranges end with now")
    func relative() throws {
        #expect(try resolve(.last(24 * hour)) == ResolvedRange(from: now - 24 * hour, to: now + 1))
        #expect(try resolve(.last(.max)).from == Timestamp.range.lowerBound)
        #expect(try resolve(.today) == ResolvedRange(from: now - 11 * hour, to: now + 1))
        #expect(try resolve(.yesterday) == ResolvedRange(from: now - 35 * hour, to: now - 11 * hour))
        #expect(try resolve(.month) == ResolvedRange(from: now - 11 * hour, to: now + 1))
    }

    @Test("Calendar ranges follow the zone, clock changes included")
    func calendarRanges() throws {
        #expect(try resolve(.today, "Europe/Berlin") == ResolvedRange(from: now - 12 * hour, to: now + 1))
        #expect(try resolve(.today, "+05:30").from == now - 16 * hour - hour / 2)
        // New York left summer time this very morning at 06:00Z.
        #expect(try resolve(.today, "America/New_York").from == now - 7 * hour)
        #expect(try resolve(.yesterday, "America/New_York") == ResolvedRange(from: now - 31 * hour, to: now - 7 * hour))
        #expect(try resolve(.month, "America/New_York").from == now - 7 * hour)
        let berlin = try TimeZoneSpec("Europe/Berlin")
        // The day after Berlin left summer time: that Sunday had 25 hours.
        let monday: Int64 = 1_792_965_600_000 + 10 * hour
        let yesterday = try TimeRange.yesterday.resolve(now: monday, firstEvent: nil, lastEvent: nil, timezone: berlin)
        #expect(yesterday.to - yesterday.from == 25 * hour)
    }

    @Test("All is from the first event to the last or to now, whichever is later")
    func all() throws {
        #expect(try resolve(.all) == ResolvedRange(from: 1_000, to: now + 1))
        #expect(try resolve(.all, last: now + 50) == ResolvedRange(from: 1_000, to: now + 51))
        #expect(try resolve(.all, first: nil, last: nil).isEmpty)
    }

    @Test("Absolute ranges are half-open, and either end may be missing")
    func absolute() throws {
        #expect(try resolve(.absolute(from: 5, to: 9)) == ResolvedRange(from: 5, to: 9))
        #expect(try resolve(.absolute(from: 5, to: 5)).isEmpty)
        #expect(try resolve(.absolute(from: 5, to: nil)) == ResolvedRange(from: 5, to: now + 1))
        #expect(try resolve(.absolute(from: nil, to: 5_000)) == ResolvedRange(from: 1_000, to: 5_000))
        #expect(try resolve(.absolute(from: nil, to: 500)).isEmpty)
        #expect(try resolve(.absolute(from: now + hour, to: nil)).isEmpty)
        let error = #expect(throws: QueryError.self) { try resolve(.absolute(from: 9, to: 5)) }
        #expect(error?.code == "invalid_range")
    }

    @Test("The previous range has the same length and ends where this one starts")
    func previous() {
        #expect(ResolvedRange(from: 100, to: 130).previous == ResolvedRange(from: 70, to: 100))
        #expect(ResolvedRange(from: .min, to: .max).previous.to == .min)
    }
}
