import Events
import Foundation
import RocksDB
import Storage
import TestSupport
import Testing

/// Sealing takes whole runs where it can: what is still open stays in the log rows that it came in.
@Suite("Runs by the hour")
struct SealByHourTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
    private static let hour: Int64 = 3_600_000

    private func events(_ count: Int, from start: Int64, over length: Int64) -> [MadeEvent] {
        (0..<count).map { index in
            MadeEvent(
                time: UInt32(start + Int64(index) * length / Int64(count)), name: "e\(index % 3)",
                visitor: "v\(index % 17)")
        }
    }

    private func logKeys(_ directory: TemporaryDirectory) throws -> Set<[UInt8]> {
        Set(try StoredRows.all(directory.path, Keys.logPrefix).map(\.key))
    }

    private func texts(_ events: [MadeEvent]) -> [String] { events.map(\.text).sorted() }

    @Test("Log rows of open hours alone outlive a seal; one of two hours is written anew")
    func openRowsStay() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january + 10 * Self.hour)
        let first = events(600, from: 0, over: Self.hour)
        let both = events(600, from: Self.hour - 60_000, over: 120_000)
        let second = events(600, from: Self.hour + 120_000, over: 240_000)
        do {
            let store = try directory.open(clock: clock)
            for lot in [first, both, second] { try store.add(lot) }
        }
        let before = try logKeys(directory)
        #expect(before.count == 3)
        // Takes the watermark past the first hour.
        let last = events(300, from: Self.hour + 600_000, over: 60_000)
        do {
            let store = try directory.open(clock: clock)
            clock.set(clock.milliseconds() + Self.hour)
            try store.add(last)
            while try store.maintain() {}
            let segments = store.snapshot(site: "default").segments
            #expect(try text(of: segments) == texts(first + both + second + last))
            let sealed = segments.filter(\.isSealed)
            #expect(sealed.reduce(0) { $0 + $1.header.rows } == 900)
        }
        let after = try logKeys(directory)
        // The second hour's and the last one's are as they were, half of the one between is in a new one.
        #expect(after.count == 3)
        #expect(after.intersection(before).count == 1)
        let store = try directory.open(clock: clock)
        #expect(
            try text(of: store.snapshot(site: "default").segments) == texts(first + both + second + last))
    }

    @Test("Runs are merged with others of their hour, and with any when there are too many kinds")
    func mergedByHour() throws {
        var random = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        let clock = ManualClock(january)
        var options = StoreOptions()
        options.mergeFanIn = 4
        let store = try directory.open(options, clock: clock)
        // Two hours by turns: three lots of one are not enough for a merge, four are.
        var all: [MadeEvent] = []
        for lot in 0..<8 {
            let new = events(20, from: Int64(lot % 2) * Self.hour, over: Self.hour)
            all += new
            try store.add(new)
            if lot == 4 { #expect(try store.maintain() == false) }
        }
        // The watermark is behind the first hour's end, so that nothing is sealed.
        var isBusy = true
        while isBusy { isBusy = try store.maintain() }
        let merged = store.snapshot(site: "default").segments
        #expect(merged.map(\.header.rows).sorted() == [80, 80])
        #expect(merged.allSatisfy { $0.header.first / Self.hour == $0.header.last / Self.hour })
        // Anywhere in a month, each lot of hours of its own.
        for _ in 0..<60 {
            let new = events(
                random.int(2...9), from: Int64(random.int(0...200)) * 1_000,
                over: Int64(random.int(1...90)) * Self.hour / 80)
            all += new
            try store.add(new)
            while try store.maintain() {}
            let runs = store.snapshot(site: "default").segments.filter { !$0.isSealed }
            #expect(runs.count < options.mergeFanIn * 3 / 2, "seed \(seed)")
        }
        #expect(try text(of: store.snapshot(site: "default").segments) == texts(all))
    }
}
