import Queries
import Testing

@Suite("The intervals of a calendar")
struct RequestIntervalsTests {
    private let hour: Int64 = 3_600_000

    private func labels(
        _ interval: Interval, _ zone: String, from: String, to: String
    ) throws -> [String] {
        let intervals = try self.intervals(interval, zone, from: from, to: to)
        let formatter = TimeFormatter(try TimeZoneSpec(zone))
        return intervals.boundaries.map(formatter.string)
    }

    private func intervals(_ interval: Interval, _ zone: String, from: String, to: String) throws -> Intervals {
        let range = ResolvedRange(
            from: try #require(Timestamp.parse(rfc3339: from)), to: try #require(Timestamp.parse(rfc3339: to)))
        return try Intervals(range, every: interval, in: try TimeZoneSpec(zone))
    }

    @Test("The first interval holds the range's start, the last its end")
    func ends() throws {
        #expect(
            try labels(.day, "UTC", from: "2026-11-01T05:00:00Z", to: "2026-11-03T00:00:00Z")
                == ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"])
        #expect(
            try labels(.day, "UTC", from: "2026-11-01T00:00:00Z", to: "2026-11-01T00:00:00.001Z")
                == ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"])
        #expect(
            try labels(.month, "UTC", from: "2026-11-30T00:00:00Z", to: "2027-01-01T00:00:01Z")
                == ["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"])
        // 2026-11-01 is a Sunday.
        #expect(
            try labels(.week, "UTC", from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:01Z")
                == ["2026-10-26T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"])
        #expect(
            try labels(.minute, "UTC", from: "1969-12-31T23:58:59.999Z", to: "1970-01-01T00:00:00Z")
                == ["1969-12-31T23:58:00Z", "1969-12-31T23:59:00Z", "1970-01-01T00:00:00Z"])
    }

    @Test("An empty range has no intervals")
    func empty() throws {
        let none = try intervals(.day, "UTC", from: "2026-11-01T05:00:00Z", to: "2026-11-01T05:00:00Z")
        #expect(none.count == 0)
        #expect(none.boundaries.isEmpty)
        #expect(none.index(of: 0) == nil)
    }

    @Test(
        "Days have 23 or 25 hours where clocks change",
        arguments: [
            ("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", [24, 23, 24]),
            ("Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z", [24, 25, 24]),
            ("America/New_York", "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z", [24, 23, 24]),
            ("America/New_York", "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z", [24, 25, 24]),
            ("Asia/Kolkata", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", [24, 24, 24]),
            ("Australia/Lord_Howe", "2026-04-03T18:00:00Z", "2026-04-05T18:00:00Z", [24, 24.5, 24]),
            ("Australia/Lord_Howe", "2026-10-02T18:00:00Z", "2026-10-04T18:00:00Z", [24, 23.5, 24]),
        ] as [(String, String, String, [Double])])
    func days(zone: String, from: String, to: String, hours: [Double]) throws {
        let days = try intervals(.day, zone, from: from, to: to)
        let lengths = zip(days.boundaries.dropFirst(), days.boundaries).map { Double($0 - $1) / Double(hour) }
        #expect(lengths == hours)
        #expect((days.uniformLength == nil) == (Set(hours).count > 1))
        let formatter = TimeFormatter(try TimeZoneSpec(zone))
        #expect(days.boundaries.allSatisfy { formatter.string($0).contains("T00:00:00") })
    }

    @Test("Hours go on by real time across a change of the clock")
    func hours() throws {
        #expect(
            try labels(.hour, "Europe/Berlin", from: "2026-10-25T00:30:00Z", to: "2026-10-25T02:00:00Z")
                == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"])
        #expect(
            try labels(.hour, "Europe/Berlin", from: "2026-03-29T00:30:00Z", to: "2026-03-29T01:00:01Z")
                == ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"])
        #expect(
            try labels(.hour, "Asia/Kolkata", from: "2026-03-29T00:00:00Z", to: "2026-03-29T01:00:00Z")
                == ["2026-03-29T05:00:00+05:30", "2026-03-29T06:00:00+05:30", "2026-03-29T07:00:00+05:30"])
        #expect(
            try labels(.hour, "Australia/Lord_Howe", from: "2026-10-03T15:00:00Z", to: "2026-10-03T16:00:01Z") == [
                "2026-10-04T01:00:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-04T03:00:00+11:00",
                "2026-10-04T04:00:00+11:00",
            ])
    }

    @Test("Weeks and months start at local midnight on both sides of a change")
    func weeksAndMonths() throws {
        #expect(
            try labels(.week, "America/New_York", from: "2026-03-04T00:00:00Z", to: "2026-03-10T00:00:00Z")
                == ["2026-03-02T00:00:00-05:00", "2026-03-09T00:00:00-04:00", "2026-03-16T00:00:00-04:00"])
        #expect(
            try labels(.month, "Europe/Berlin", from: "2026-02-28T23:00:00Z", to: "2026-03-31T22:00:00Z")
                == ["2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"])
    }

    @Test("Where midnight is jumped over, the day starts with its first instant")
    func missingMidnight() throws {
        #expect(
            try labels(.day, "America/Sao_Paulo", from: "2018-11-03T12:00:00Z", to: "2018-11-04T12:00:00Z")
                == ["2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"])
    }

    @Test("Where a whole day is jumped over, it has no interval")
    func missingDay() throws {
        let days = try labels(.day, "Pacific/Apia", from: "2011-12-29T12:00:00Z", to: "2011-12-31T12:00:00Z")
        #expect(days.map { String($0.prefix(10)) } == ["2011-12-29", "2011-12-31", "2012-01-01", "2012-01-02"])
    }

    @Test(
        "Boundaries ascend without gaps, and every instant finds its interval",
        arguments: Interval.allCases,
        [
            "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns",
            "-03:30", "Pacific/Apia", "Africa/Casablanca",
        ])
    func everyInstant(interval: Interval, zone: String) throws {
        let start: Int64 = 1_193_000_000_000  // autumn 2007: St. John's changed its clock a minute after midnight
        let length: Int64 = interval == .minute ? 100 * hour : interval == .hour ? 400 * 24 * hour : 3_000 * 24 * hour
        let range = ResolvedRange(from: start + 1, to: start + length)
        let intervals = try Intervals(range, every: interval, in: try TimeZoneSpec(zone))
        #expect(zip(intervals.boundaries, intervals.boundaries.dropFirst()).allSatisfy { $0 < $1 })
        #expect(intervals.boundaries[0] <= range.from)
        #expect(intervals.boundaries[1] > range.from)
        #expect(intervals.boundaries[intervals.count] >= range.to)
        #expect(intervals.boundaries[intervals.count - 1] < range.to)
        for index in 0..<intervals.count {
            #expect(intervals.index(of: intervals.start(index)) == index)
            #expect(intervals.index(of: intervals.boundaries[index + 1] - 1) == index)
        }
        #expect(intervals.index(of: intervals.boundaries[0] - 1) == nil)
        #expect(intervals.index(of: intervals.boundaries[intervals.count]) == nil)
    }

    @Test("More intervals than the limit are refused, and the limit itself is not")
    func limit() throws {
        let minute: Int64 = 60_000
        let most = ResolvedRange(from: 0, to: 100_000 * minute)
        #expect(try Intervals(most, every: .minute, in: .utc).count == 100_000)
        for to in [100_000 * minute + 1, 150_000 * minute, Timestamp.range.upperBound, .max] {
            let error = #expect(throws: QueryError.self) {
                try Intervals(ResolvedRange(from: 0, to: to), every: .minute, in: .utc)
            }
            #expect(error?.code == "too_many_intervals")
            #expect(error?.detail.contains("100000") == true)
        }
        #expect(throws: QueryError.self) {
            try Intervals(ResolvedRange(from: .min, to: .max), every: .month, in: .utc)
        }
    }

    @Test("The ends of the calendar do not overflow", arguments: ["UTC", "+18:00", "-18:00", "Europe/Berlin"])
    func extremes(zone: String) throws {
        let zone = try TimeZoneSpec(zone)
        let (first, last) = (Timestamp.range.lowerBound, Timestamp.range.upperBound)
        for interval in Interval.allCases {
            #expect(try Intervals(ResolvedRange(from: first, to: first + 1), every: interval, in: zone).count == 1)
            #expect(try Intervals(ResolvedRange(from: last - 1, to: last), every: interval, in: zone).count == 1)
        }
    }
}
