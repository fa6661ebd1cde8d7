import Events
import Foundation
import RocksDB
import Storage
import Synchronization
import TestSupport
import Testing

/// I3 and D1: each event is in exactly one segment, and in one only when its bucket's time has come.
@Suite("Sealing, once and in time")
struct SealingTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
    private static let hour: Int64 = 3_600_000
    private static let lateness: Int64 = 600_000

    private func event(_ time: Int64, _ name: String = "e") -> MadeEvent {
        MadeEvent(time: UInt32(time), name: name, visitor: "v\(time % 7)")
    }

    private func texts(_ events: [MadeEvent]) -> [String] { events.map(\.text).sorted() }

    // MARK: I3

    @Test("I3: nothing in flight: neither a flush nor maintenance writes a segment or anything else")
    func emptyBucket() throws {
        let directory = TemporaryDirectory()
        let store = try directory.open(clock: ManualClock(january + 50 * 86_400_000))
        try store.flush()
        try store.add([event(0), event(1)])
        try store.flush()
        let before = store.snapshot(site: "default").segments.map(\.number)
        #expect(before.count == 1)
        for _ in 0..<3 {
            try store.flush()
            let isDue = try store.maintain()
            #expect(!isDue)
        }
        #expect(store.snapshot(site: "default").segments.map(\.number) == before)
        // An erasure may leave runs in flight without a row.
        try store.add([MadeEvent(time: 5, name: "e", visitor: "only")])
        try store.eraseVisitor(site: "default", visitor: "only")
        try store.flush()
        #expect(store.snapshot(site: "default").segments.map(\.number) == before)
        #expect(store.statistics().rowsInFlight == 0)
    }

    @Test(
        "Events that come for a bucket while it is being sealed are in exactly one segment",
        arguments: [FaultPoint.sealBegin, .sealEncoded, .sealCommit, .sealCommitted])
    func duringItsSeal(point: FaultPoint) throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january + 50 * 86_400_000)
        var options = StoreOptions()
        options.faults = FaultPoints()
        let early = (0..<200).map { event(Int64($0) * 1000) }
        let late = (0..<50).map { event(Int64($0) * 1000 + 500, "late") }
        do {
            let store = try directory.open(options, clock: clock)
            try store.add(early)
            let problems = Mutex<[String]>([])
            options.faults.onHit(point) { [unowned store] hit in
                guard hit == 1 else { return }
                do {
                    try store.add(late)
                    let rows = try text(of: store.snapshot(site: "default").segments)
                    if rows != texts(early + late) { problems.withLock { $0 += difference(rows, texts(early + late)) } }
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
            }
            try store.flush()
            options.faults.onHit(point, nil)
            #expect(problems.withLock { $0 } == [])
            #expect(try text(of: store.snapshot(site: "default").segments) == texts(early + late))
        }
        do {
            let store = try directory.open(clock: clock)
            #expect(try text(of: store.snapshot(site: "default").segments) == texts(early + late))
            try store.flush()
            try store.work()
            #expect(try text(of: store.snapshot(site: "default").segments) == texts(early + late))
            #expect(store.statistics().rowsInFlight == 0)
        }
        #expect(try StoreCheck.run(directory: directory.path).findings == [])
    }

    @Test("I3: two seals at once, with events coming in: no event is missing, in two segments, or in an empty one")
    func twoSeals() throws {
        let directory = TemporaryDirectory()
        let events = (0..<4_000).map { event(Int64($0) * 600) }
        do {
            let store = try directory.open(clock: ManualClock(january + 50 * 86_400_000))
            // A thread that is on its way out must not keep the store open.
            try concurrently(4) { [unowned store] thread in
                for part in 0..<20 {
                    switch thread {
                    case 0: try store.add(Array(events[(part * 200)..<(part * 200 + 200)]))
                    case 1...2: try store.flush()
                    default: _ = try store.maintain()
                    }
                }
            }
            try store.flush()
            let segments = store.snapshot(site: "default").segments
            #expect(difference(try text(of: segments), texts(events)) == [])
            #expect(segments.allSatisfy { $0.isSealed && $0.header.rows > 0 })
            #expect(Set(segments.map(\.number)).count == segments.count)
        }
        let store = try directory.open()
        #expect(difference(try text(of: store.snapshot(site: "default").segments), texts(events)) == [])
    }

    @Test("Canary: a log row that outlives its seal is found out")
    func canary() throws {
        let directory = TemporaryDirectory()
        let events = (0..<20).map { event(Int64($0)) }
        do { try directory.open(clock: ManualClock(january)).add(events) }
        let logRows = try StoredRows.all(directory.path, Keys.logPrefix)
        do { try directory.open(clock: ManualClock(january)).flush() }
        try StoredRows.put(directory.path, logRows)
        let store = try directory.open()
        #expect(difference(try text(of: store.snapshot(site: "default").segments), texts(events)) != [])
    }

    // MARK: D1

    /// Plays a stream of events with a clock that jumps, and returns what was sealed early, twice or not at all.
    private func play(seed: UInt64, prepare: (inout StoreOptions) -> Void = { _ in }) throws -> [String] {
        var random = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        // The tenth day, so that a clock can step back.
        var time = january + 10 * 86_400_000
        let clock = ManualClock(time)
        var options = StoreOptions()
        options.mergeFanIn = 2
        prepare(&options)
        let store = try directory.open(options, clock: clock)
        var events: [MadeEvent] = []
        var latest = Int64.min
        var problems: [String] = []
        for step in 0..<60 {
            time += Int64(random.int(0...1_200_000))
            clock.set(time + random.pick([0, 0, 0, -Self.hour, 86_400_000, 3650 * 86_400_000]))
            let new = (0..<random.int(0...20)).map { _ in
                let lag = random.chance(0.8) ? random.int(0...600_000) : random.int(0...(30 * 3_600_000))
                return event(time - january - Int64(lag), "e\(random.int(0...2))")
            }
            if !new.isEmpty { try store.add(new) }
            events += new
            latest = max(latest, new.map { january + Int64($0.time) }.max() ?? .min)
            while try store.maintain() {}
            let segments = store.snapshot(site: "default").segments
            let sealed = segments.filter(\.isSealed)
            for row in try text(of: sealed) {
                let at = Int64(row.prefix { $0 != " " }) ?? 0
                let end = at - at % Self.hour + Self.hour
                if end > latest - Self.lateness { problems.append("step \(step): sealed early: \(row)") }
            }
            problems += difference(try text(of: segments), texts(events)).map { "step \(step): \($0)" }
            if sealed.contains(where: { $0.header.rows == 0 }) { problems.append("step \(step): an empty segment") }
            if !problems.isEmpty { return problems }
        }
        // Whatever the clock did, what has long ended is sealed once it goes right.
        clock.set(time + options.lateSealDelay + 60_000)
        while try store.maintain() {}
        let open = store.snapshot(site: "default").segments.filter { !$0.isSealed }
        for row in try text(of: open) {
            let at = Int64(row.prefix { $0 != " " }) ?? 0
            let end = at - at % Self.hour + Self.hour
            if end <= min(latest - Self.lateness, time) { problems.append("never sealed: \(row)") }
        }
        return problems
    }

    @Test("D1: whatever the clock does, nothing is sealed before its time, twice, or never", arguments: 0..<10)
    func clockJumps(round: Int) throws {
        let problems = try play(seed: seed &+ UInt64(round))
        #expect(problems.isEmpty, "seed \(seed &+ UInt64(round)): \(problems.prefix(5))")
    }

    @Test("Canary: a store that seals ahead of the allowed lateness is found out")
    func early() throws {
        let problems = try play(seed: seed) { $0.allowedLateness = -2 * Self.hour }
        #expect(problems.contains { $0.contains("sealed early") }, "seed \(seed): \(problems.prefix(5))")
    }
}
