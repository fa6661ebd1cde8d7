import Events
import RocksDB
import Storage
import TestSupport
import Testing

@Suite("Retention")
struct RetentionTests {
    private let seed = SeededGenerator.testSeed
    private static let day: Int64 = 86_400_000
    private static let hour: Int64 = 3_600_000

    /// A store with clocks of its own and an event an hour, from the first day of January on.
    private final class Kept {
        let directory = TemporaryDirectory()
        let wall: ManualClock
        let monotonic = ManualMonotonicClock(1_000_000)
        var options = StoreOptions()
        private var held: Store?

        init(days: Int64, retention: Int64?, prepare: (inout StoreOptions) -> Void = { _ in }) throws {
            wall = ManualClock(january + days * RetentionTests.day)
            options.retention = retention
            options.monotonic = monotonic
            prepare(&options)
            try fill(hours: 0..<(days * 24))
        }

        func store() throws -> Store {
            if let held { return held }
            let store = try directory.open(options, clock: wall)
            held = store
            return store
        }

        func close() { held = nil }

        /// Adds one event an hour and seals each day, so that there is a segment a day.
        func fill(hours: Range<Int64>, site: String = "default") throws {
            let store = try store()
            let maker = BatchMaker(seed: 0, hash: store.hash)
            for day in Dictionary(grouping: hours, by: { $0 / 24 }).sorted(by: { $0.key < $1.key }) {
                let batch = ColumnBatch(site: site, month: january, hash: store.hash)
                for hour in day.value {
                    maker.append(
                        batch, time: UInt32(hour * RetentionTests.hour), id: 0, value: nil, name: "e",
                        visitor: "v\(hour)")
                }
                try commit(batch, to: store)
                try store.flush()
            }
        }

        /// Lets time pass on both clocks.
        func pass(_ milliseconds: Int64) {
            wall.set(wall.milliseconds() + milliseconds)
            monotonic.advance(milliseconds)
        }

        /// Runs maintenance as often as it would be in some minutes.
        func maintain() throws {
            for _ in 0..<5 {
                pass(60_001)
                while try store().maintain() {}
            }
        }

        func rows(site: String = "default") throws -> Int {
            try store().snapshot(site: site).segments.reduce(0) { $0 + $1.header.rows }
        }

        func first() throws -> Int64? { try store().snapshot(site: "default").first }
    }

    @Test("Without a retention, everything is kept for ever")
    func off() throws {
        let kept = try Kept(days: 20, retention: nil)
        kept.pass(3650 * Self.day)
        try kept.maintain()
        #expect(try kept.rows() == 480)
    }

    @Test("As time passes, what is older goes, segment by segment, and the rest stays")
    func passes() throws {
        let kept = try Kept(days: 10, retention: 10 * Self.day)
        try kept.maintain()
        #expect(try kept.rows() >= 239)
        for day in 1...15 {
            for _ in 0..<24 {
                kept.pass(Self.hour)
                while try kept.store().maintain() {}
            }
            // Day by day, also the last ones of a site to which nothing comes any more.
            let left = max(0, 10 - day)
            #expect(abs(try kept.rows() - left * 24) <= 24, "day \(day)")
        }
        #expect(try kept.rows() == 0)
        #expect(try kept.store().statistics().expiredEvents == 240)
        #expect(try kept.store().statistics().retentionHeld.allSatisfy { $0.events == 0 })
    }

    @Test(
        "A past month that comes at once is sealed in buckets that suit the retention",
        arguments: [(nil, BucketLevel.month), (400, .month), (90, .day), (4, .hour)] as [(Int64?, BucketLevel)])
    func backfilled(days: Int64?, longest: BucketLevel) throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.retention = days.map { $0 * Self.day }
        let february = january + 31 * Self.day
        let store = try directory.open(options, clock: ManualClock(february + 10 * Self.day))
        let maker = BatchMaker(seed: 0, hash: store.hash)
        for (month, hours) in [(january, 31 * 24), (february, 9 * 24)] {
            let batch = ColumnBatch(site: "default", month: month, hash: store.hash)
            for hour in 0..<hours {
                maker.append(
                    batch, time: UInt32(Int64(hour) * Self.hour), id: 0, value: nil, name: "e", visitor: "v\(hour)")
            }
            try commit(batch, to: store)
        }
        try store.flush()
        let past = store.snapshot(site: "default").segments.map(\.header).filter { $0.month == january }
        #expect(past.reduce(0) { $0 + $1.rows } == 31 * 24)
        #expect(Set(past.map(\.bucket.level)) == [longest])
    }

    @Test("A retention that is set for one site holds for that one, for ever too")
    func bySite() throws {
        let kept = try Kept(days: 20, retention: 10 * Self.day) {
            $0.retentionOfSite = ["short": 5 * Self.day, "forever": nil]
            $0.confirmsRetention = true
        }
        for site in ["short", "forever"] { try kept.fill(hours: 0..<480, site: site) }
        kept.close()
        try kept.maintain()
        #expect(abs(try kept.rows() - 240) <= 24)
        #expect(abs(try kept.rows(site: "short") - 120) <= 24)
        #expect(try kept.rows(site: "forever") == 480)
    }

    @Test(
        "D1: a clock that jumps while the store is open deletes nothing",
        arguments: [
            -RetentionTests.hour, RetentionTests.day, 10 * 365 * RetentionTests.day,
        ])
    func jump(by milliseconds: Int64) throws {
        let kept = try Kept(days: 20, retention: 30 * Self.day)
        kept.pass(10 * Self.day - 12 * Self.hour)
        try kept.maintain()
        let before = try kept.rows()
        kept.wall.set(kept.wall.milliseconds() + milliseconds)
        try kept.maintain()
        #expect(try kept.rows() == before)
        // Nor does it hold anything up: with the time that really passes, days go.
        kept.wall.set(kept.wall.milliseconds() - milliseconds)
        kept.pass(3 * Self.day)
        try kept.maintain()
        #expect(try kept.rows() < before && kept.rows() > before - 4 * 24)
    }

    @Test("A store that believes any clock is found out by that")
    func canary() throws {
        let kept = try Kept(days: 20, retention: 30 * Self.day) { $0.believesAnyClock = true }
        kept.wall.set(kept.wall.milliseconds() + 3650 * Self.day)
        try kept.maintain()
        #expect(try kept.rows() == 0)
    }

    @Test("A jump that comes with a restart is held until somebody confirms it")
    func jumpAtRestart() throws {
        let kept = try Kept(days: 28, retention: 40 * Self.day)
        try kept.maintain()
        kept.close()
        kept.wall.set(kept.wall.milliseconds() + 3650 * Self.day)
        try kept.maintain()
        #expect(try kept.rows() == 672)
        let report = try #require(try kept.store().retentionReport(site: "default"))
        #expect(report.dueEvents == 672 && report.heldEvents == 672 && report.heldSegments == report.dueSegments)
        #expect(try kept.store().statistics().retentionHeld.map(\.events) == [672])
        #expect(try kept.store().confirmRetention(site: "default") == report)
        try kept.maintain()
        #expect(try kept.rows() == 0)
        #expect(try kept.store().confirmRetention(site: "nobody") == nil)
    }

    @Test("D2: a restart with the clock behind starts, keeps everything and orders by sequence")
    func clockBehind() throws {
        let kept = try Kept(days: 20, retention: 30 * Self.day)
        try kept.maintain()
        let numbers = try kept.store().snapshot(site: "default").segments.map(\.number)
        kept.close()
        kept.wall.set(january - 400 * Self.day)
        try kept.maintain()
        #expect(try kept.rows() == 480)
        try kept.fill(hours: 480..<482)
        try kept.store().eraseVisitor(site: "default", visitor: "v3")
        #expect(try kept.rows() == 481)
        let newest = try #require(try kept.store().snapshot(site: "default").segments.map(\.number).max())
        #expect(newest > numbers.max() ?? .max)
        kept.close()
        #expect(try kept.rows() == 481, "the erasure holds for what is numbered below it, whatever the clock says")
    }

    @Test("A shorter retention is held after the change, and done when the server is started with the confirmation")
    func shorter() throws {
        let kept = try Kept(days: 28, retention: 400 * Self.day)
        try kept.maintain()
        kept.close()
        kept.options.retention = 4 * Self.day
        try kept.maintain()
        #expect(try kept.rows() == 672)
        kept.close()
        kept.options.confirmsRetention = true
        try kept.maintain()
        #expect(abs(try kept.rows() - 96) <= 24)
    }

    @Test("A day's pause and a step of the clock by less explain themselves")
    func pause() throws {
        let kept = try Kept(days: 28, retention: 10 * Self.day) { $0.confirmsRetention = true }
        try kept.maintain()
        let before = try kept.rows()
        kept.close()
        kept.options.confirmsRetention = false
        kept.wall.set(kept.wall.milliseconds() + 20 * Self.hour)
        try kept.maintain()
        #expect(try kept.rows() < before && kept.rows() >= before - 48)
        #expect(try kept.store().statistics().retentionHeld.map(\.events) == [0])
    }

    @Test("A pass deletes no more segments than its limit, and the next one goes on")
    func paced() throws {
        let kept = try Kept(days: 20, retention: 100 * Self.day) { $0.retentionSegmentsPerPass = 3 }
        kept.pass(200 * Self.day)
        #expect(try kept.store().confirmRetention(site: "default")?.dueEvents == 480)
        let before = try kept.store().snapshot(site: "default").segments.count
        try kept.store().maintain()
        #expect(try kept.store().snapshot(site: "default").segments.count == before - 3)
        while try kept.store().maintain() {}
        #expect(try kept.rows() == 0)
    }

    @Test("H6: late events: after their bucket was sealed they count, after the retention they go with the next pass")
    func late() throws {
        let kept = try Kept(days: 20, retention: 15 * Self.day) { $0.confirmsRetention = true }
        try kept.maintain()
        let before = try kept.rows()
        try kept.fill(hours: 460..<462)
        #expect(try kept.rows() == before + 2)
        // Far beyond the retention, in flight still when the pass comes.
        let maker = BatchMaker(seed: 0, hash: try kept.store().hash)
        let old = ColumnBatch(site: "default", month: january - 396 * Self.day, hash: try kept.store().hash)
        maker.append(old, time: 0, id: 0, value: nil, name: "e", visitor: "late")
        try commit(old, to: kept.store())
        #expect(try kept.rows() == before + 3)
        try kept.maintain()
        #expect(abs(try kept.rows() - before - 2) <= 1)
        #expect(try kept.first() ?? 0 >= january)
        #expect(try kept.store().statistics().retentionHeld.map(\.events) == [0])
    }

    @Test("A failure between deciding and deleting loses nothing and deletes nothing twice")
    func failure() throws {
        let kept = try Kept(days: 20, retention: 15 * Self.day) { $0.confirmsRetention = true }
        kept.close()
        kept.options.faults = try FaultPoints(parsing: "retention.delete=error@1")
        #expect(throws: StorageError.self) { try kept.maintain() }
        #expect(try kept.rows() == 480)
        kept.close()
        kept.options.faults = .off
        try kept.maintain()
        #expect(abs(try kept.rows() - 360) <= 24)
    }
}

@Suite("What retention may delete")
struct RetentionGuardTests {
    private let day: Int64 = 86_400_000

    private func candidates(_ last: ClosedRange<Int64>) -> [RetentionGuard.Candidate] {
        last.map { RetentionGuard.Candidate(last: $0 * day, rows: 10) }
    }

    @Test("What the time that passed explains goes, however much it is")
    func explained() {
        var decision = RetentionGuard(line: 0, monotonic: 0)
        #expect(decision.decide(candidates(0...9), line: 10 * day, rows: 100, monotonic: 10 * day) == 10)
        #expect(decision.line == 10 * day && decision.held.segments == 0)
    }

    @Test("What it does not explain goes if it is a day's worth and a quarter of the rows at the most")
    func little() {
        for (last, rows, allowed) in [(Int64(0), 40, 1), (0, 39, 0), (1, 1000, 1)] {
            var decision = RetentionGuard(line: 0, monotonic: 5)
            let count = decision.decide(candidates(0...last), line: 100 * day, rows: rows, monotonic: 5)
            #expect(count == (last == 0 ? allowed : 0), "\(last) \(rows)")
            #expect((decision.held.segments > 0) == (count == 0))
        }
    }

    @Test("What is held stays held, and goes with the time that explains it or when it is agreed on")
    func held() {
        var decision = RetentionGuard(line: 0, monotonic: 0)
        #expect(decision.decide(candidates(0...9), line: 100 * day, rows: 100, monotonic: 0) == 0)
        #expect(decision.held.segments == 10 && decision.held.rows == 100)
        #expect(decision.decide(candidates(0...9), line: 100 * day, rows: 100, monotonic: 3 * day) == 3)
        #expect(decision.held.segments == 7)
        decision.agree(on: 100 * day, monotonic: 3 * day)
        #expect(decision.decide(candidates(3...9), line: 100 * day, rows: 70, monotonic: 3 * day) == 7)
    }

    @Test("A clock that steps back takes the line back with it")
    func back() {
        var decision = RetentionGuard(line: 50 * day, monotonic: 0)
        #expect(decision.decide([], line: 10 * day, rows: 100, monotonic: 0) == 0)
        #expect(decision.line == 10 * day)
        #expect(decision.decide(candidates(10...40), line: 41 * day, rows: 1000, monotonic: 0) == 0)
    }

    @Test("Time is believed as far as it passes")
    func clock() {
        let clock = TrustedClock(wall: 1_000_000_000, monotonic: 50)
        #expect(clock.now(wall: 1_000_000_000, monotonic: 50) == 1_000_000_000)
        #expect(clock.now(wall: 1_000_900_000, monotonic: 900_050) == 1_000_900_000)
        #expect(clock.now(wall: .max, monotonic: 1_050) == 1_000_001_000 + TrustedClock.slack)
        #expect(clock.now(wall: 5, monotonic: 1_050) == 5)
    }
}
