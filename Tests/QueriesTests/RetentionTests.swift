import Storage
import TestSupport
import Testing

/// A clock that stands still.
struct StandingClock: WallClock {
    private let now: Int64

    init(_ time: String) {
        now = Instant(parsing: time)?.milliseconds ?? 0
    }

    func milliseconds() -> Int64 { now }
}

@Suite("Retention by hand")
struct RetentionTests {
    private func event(_ name: String, _ visitor: String, _ time: String) -> String {
        #"{"event":"\#(name)","visitor":"\#(visitor)","time":"\#(time)"}"#
    }

    /// One line a cohort: the day, the size, who came back, and how many intervals are complete.
    private func ask(
        _ lines: [String], _ query: String, now: String = "2026-01-01T00:00:00Z"
    ) async throws -> [String] {
        let target = StoreTarget(clock: StandingClock(now))
        try await target.load(lines)
        let rows = try self.rows(try await target.query("retention", query))
        try await target.flush()
        #expect(rows == (try self.rows(try await target.query("retention", query))))
        return rows
    }

    private func rows(_ answer: String) throws -> [String] {
        try #require(try JSON(parsing: answer)["rows"]?.array).map { row in
            let returned = row["returned"]?.array?.map { $0.int.map(String.init) ?? "-" } ?? []
            return "\(row["cohort"]?.text ?? "") \(row["size"]?.int ?? -1): \(returned.joined(separator: " "))"
                + ", \(row["complete"]?.int ?? -1) complete"
        }
    }

    private func row(_ cohort: String, _ size: Int, _ returned: [Int?], complete: Int) -> String {
        let shown = returned.map { $0.map(String.init) ?? "-" }.joined(separator: " ")
        return "\(cohort) \(size): \(shown), \(complete) complete"
    }

    @Test("A return counts from the start on: in the cohort's own interval, and in those that follow")
    func basics() async throws {
        let lines = [
            event("signup", "a", "2025-11-01T10:00:00Z"), event("page_view", "a", "2025-11-01T10:00:00Z"),
            event("page_view", "a", "2025-11-03T00:00:00Z"), event("page_view", "b", "2025-11-01T09:59:59Z"),
            event("signup", "b", "2025-11-01T10:00:00Z"), event("page_view", "b", "2025-11-02T23:59:59.999Z"),
            event("signup", "b", "2025-11-03T12:00:00Z"), event("page_view", "c", "2025-11-01T01:00:00Z"),
        ]
        let on = try await ask(lines, #"{"start":{"event":"signup"},"return":"page_view","intervals":3}"#)
        #expect(
            on == [
                row("2025-11-01", 2, [1, 1, 1], complete: 3), row("2025-11-02", 0, [0, 0, 0], complete: 3),
                row("2025-11-03", 0, [0, 0, 0], complete: 3),
            ])
        let later = try await ask(
            lines, #"{"start":"signup","return":"page_view","intervals":3,"mode":"on_or_after"}"#)
        #expect(later.first == row("2025-11-01", 2, [2, 2, 1], complete: 3))
        let every = try await ask(
            lines, #"{"start":"signup","return":"signup","intervals":3,"cohorts":"every"}"#)
        #expect(
            every == [
                row("2025-11-01", 2, [2, 0, 1], complete: 3), row("2025-11-02", 0, [0, 0, 0], complete: 3),
                row("2025-11-03", 1, [1, 0, 0], complete: 3),
            ])
    }

    @Test("Days, weeks and months begin at local midnight, also where the clock changes")
    func daylightSaving() async throws {
        // Berlin: 2025-03-30 has 23 hours, from 23:00Z to 22:00Z; 2025-10-26 has 25, from 22:00Z to 23:00Z.
        let spring = [
            event("a", "v", "2025-03-29T22:59:59.999Z"), event("b", "v", "2025-03-29T23:00:00Z"),
            event("b", "v", "2025-03-30T22:00:00Z"), event("a", "w", "2025-03-30T21:59:59.999Z"),
            event("b", "w", "2025-03-30T22:00:00Z"),
        ]
        let query = #"{"start":"a","return":"b","intervals":3,"timezone":"Europe/Berlin"}"#
        #expect(
            try await ask(spring, query) == [
                row("2025-03-29", 1, [0, 1, 1], complete: 3), row("2025-03-30", 1, [0, 1, 0], complete: 3),
                row("2025-03-31", 0, [0, 0, 0], complete: 3),
            ])
        let autumn = [
            event("a", "v", "2025-10-25T22:00:00Z"), event("b", "v", "2025-10-26T22:59:59.999Z"),
            event("a", "w", "2025-10-25T21:59:59.999Z"), event("b", "w", "2025-10-26T23:00:00Z"),
        ]
        #expect(
            try await ask(autumn, query) == [
                row("2025-10-25", 1, [0, 0, 1], complete: 3), row("2025-10-26", 1, [1, 0, 0], complete: 3),
                row("2025-10-27", 0, [0, 0, 0], complete: 3),
            ])
        // Sunday 23:30 in Berlin is the week that began on Monday the 20th; an hour later it is the next one, and the
        // last hour of October is November's first in UTC only after midnight there.
        let weeks = [
            event("a", "v", "2025-10-26T22:30:00Z"), event("b", "v", "2025-10-26T23:30:00Z"),
            event("b", "v", "2025-10-31T22:59:59Z"), event("b", "v", "2025-10-31T23:00:00Z"),
        ]
        let weekly =
            #"{"start":"a","return":"b","intervals":2,"interval":"week","timezone":"Europe/Berlin"}"#
        #expect(
            try await ask(weeks, weekly) == [
                row("2025-10-20", 1, [0, 1], complete: 2), row("2025-10-27", 0, [0, 0], complete: 2),
            ])
        let monthly = weekly.replacing("week", with: "month")
        #expect(
            try await ask(weeks, monthly) == [
                row("2025-10-01", 1, [1, 1], complete: 2), row("2025-11-01", 0, [0, 0], complete: 2),
            ])
    }

    @Test("What has not begun is null, and what is not over is not complete")
    func incomplete() async throws {
        let lines = [
            event("a", "v", "2025-11-01T10:00:00Z"), event("b", "v", "2025-11-02T10:00:00Z"),
            event("b", "v", "2025-11-03T10:00:00Z"), event("a", "w", "2025-11-03T11:00:00Z"),
        ]
        let query = #"{"start":"a","return":"b","intervals":4}"#
        #expect(
            try await ask(lines, query, now: "2025-11-03T12:00:00Z") == [
                row("2025-11-01", 1, [0, 1, 1, nil], complete: 2), row("2025-11-02", 0, [0, 0, nil, nil], complete: 1),
                row("2025-11-03", 1, [0, nil, nil, nil], complete: 0),
            ])
        // The range's end is one too, and nothing after it counts.
        let range =
            #"{"start":"a","return":"b","intervals":4,"from":"2025-11-01T00:00:00Z","to":"2025-11-03T09:00:00Z"}"#
        #expect(
            try await ask(lines, range) == [
                row("2025-11-01", 1, [0, 1, 0, nil], complete: 2), row("2025-11-02", 0, [0, 0, nil, nil], complete: 1),
                row("2025-11-03", 0, [0, nil, nil, nil], complete: 0),
            ])
        // A range that reaches beyond now ends now, and one without events has no cohorts.
        let future =
            #"{"start":"a","return":"b","intervals":2,"from":"2025-11-03T00:00:00Z","to":"2026-11-03T09:00:00Z"}"#
        let rows = try await ask(lines, future, now: "2025-11-04T00:00:00Z")
        #expect(
            rows == [row("2025-11-03", 1, [0, 0], complete: 1), row("2025-11-04", 0, [0, nil], complete: 0)])
        #expect(try await ask([], query) == [])
    }
}
