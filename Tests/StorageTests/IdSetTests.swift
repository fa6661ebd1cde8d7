import Storage
import TestSupport
import Testing

@Suite("The set of ids")
struct IdSetTests {
    private let seed = SeededGenerator.testSeed

    @Test("It forgets by time and by number, and nothing before")
    func forgets() {
        func expect(_ isNew: Bool, _ expected: Bool) { #expect(isNew == expected) }
        var set = IdSet(limits: IdSet.Limits(horizon: 24_000, entries: 1000))
        expect(set.insert(5, at: 0), true)
        expect(set.insert(5, at: 24_000), false)
        expect(set.insert(5, at: 26_000), true)
        for id in 100..<1099 { _ = set.insert(UInt64(id), at: 27_000) }
        for id in 100..<1099 { expect(set.insert(UInt64(id), at: 28_000), false) }
        #expect(set.count == 1_000 && set.evicted == 0)
        for id in 2000..<40_000 {
            _ = set.insert(UInt64(id), at: 30_000 + Int64(id))
            #expect(set.count <= 1_000)
        }
        #expect(set.evicted > 0)
        expect(set.insert(39_999, at: 70_000), false)
    }

    @Test("It gives memory back once ids are past their horizon, and forgets none before")
    func shrinks() {
        func sweepAll(_ set: inout IdSet, _ time: Int64) { while !set.sweep(at: time) {} }
        var set = IdSet(limits: IdSet.Limits(horizon: 24_000, entries: 1_000_000))
        sweepAll(&set, 0)
        for id in 1...50_000 { _ = set.insert(UInt64(id), at: 100) }
        #expect(set.capacity >= 80_000)
        // Looked at again and again, also by a clock that steps back.
        for time in stride(from: Int64(100), through: 24_000, by: 100) {
            sweepAll(&set, time)
            if time % 1_000 == 0 { sweepAll(&set, time / 2) }
        }
        #expect(set.count == 50_000)
        let isNew = set.insert(777, at: 24_000)
        #expect(!isNew)
        _ = set.insert(99_999, at: 24_000)
        sweepAll(&set, 30_000)
        #expect(set.count == 1 && set.capacity <= 1_024)
        let isStillKnown = !set.insert(99_999, at: 30_100)
        #expect(isStillKnown)
        #expect(set.evicted == 0)
    }

    @Test("Of more ids in one moment than there is room for, the last ones count")
    func oneEpoch() {
        var set = IdSet(limits: IdSet.Limits(horizon: 24_000, entries: 1_000))
        for id in 1...5_000 {
            let isNew = set.insert(UInt64(id), at: 50)
            #expect(isNew)
            let areKnown = (max(1, id - 700)...id).allSatisfy { set.contains(UInt64($0), at: 50) }
            #expect(areKnown, "id \(id) and those that have just come")
            #expect(set.count <= 1_000)
        }
        #expect(set.count + set.evicted == 5_000)
    }

    @Test("Numbers of epochs may come again: by then nobody has them from the last time")
    func numbersComeAgain() {
        var set = IdSet(limits: IdSet.Limits(horizon: 240, entries: 1_000))
        for round in 0..<140_000 {
            let isNew = set.insert(UInt64(round % 2_000 + 1), at: Int64(round))
            #expect(isNew, "round \(round)")
            if !isNew { return }
        }
        #expect(set.evicted == 0 && set.count <= 242)
    }

    @Test("An id of the last time that a number was an epoch's is new, though nobody has swept its table")
    func unsweptNumber() {
        var set = IdSet(limits: IdSet.Limits(horizon: 240, entries: 1_000))
        _ = set.insert(424_242, at: 0)
        // The same id again and again: no table fills, so none is made anew on the way.
        for time in 1...65_536 as ClosedRange<Int64> { _ = set.insert(7, at: time) }
        let isHeld = set.contains(424_242, at: 65_536)
        #expect(!isHeld)
    }

    @Test("A clock that steps back behind what was given up: new ids count, and what was given up stays so")
    func stepsBack() {
        var set = IdSet(limits: IdSet.Limits(horizon: 24_000, entries: 1_000))
        for id in 1...900 { _ = set.insert(UInt64(id), at: 10_000 + Int64(id) * 10) }
        set.giveUp(300)
        let kept = set.count
        for id in 2_001...2_050 {
            for isFirst in [true, false] {
                let isNew = set.insert(UInt64(id), at: 5_000)
                #expect(isNew == isFirst, "id \(id)")
            }
        }
        #expect(set.count == kept + 50 && kept <= 600)
        let (isFirstBack, isLastKnown) = (set.insert(1, at: 19_000), !set.insert(900, at: 19_000))
        #expect(isFirstBack && isLastKnown)
    }

    /// What the set is meant to be, with a dictionary.
    private struct Model {
        var times: [UInt64: Int64] = [:]

        mutating func insert(_ id: UInt64, at time: Int64) -> Bool {
            if let old = times[id], time / 100 - old / 100 <= 240 { return false }
            times[id] = time
            return true
        }
    }

    @Test("It says what a dictionary of times says, through splits, sweeps and pauses", arguments: 0..<6)
    func model(round: Int) {
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        var set = IdSet(limits: IdSet.Limits(horizon: 24_000))
        var model = Model()
        var time: Int64 = 0
        for step in 0..<150_000 {
            if random.next() % 64 == 0 { time += Int64(random.next() % 40) }
            if random.next() % 40_000 == 0 { time += Int64(random.next() % 60_000) }
            // Hashes as they come, and numbers that are anything but spread.
            let id = (random.next() % 90_000 + 1) &* (round % 2 == 0 ? 0xD6E8_FEB8_6659_FD93 : 1)
            let (isNew, expected) = (set.insert(id, at: time), model.insert(id, at: time))
            #expect(isNew == expected, "seed \(seed), round \(round), step \(step)")
            if isNew != expected { return }
            if random.next() % 500 == 0 { _ = set.sweep(at: time) }
        }
        for _ in 0..<200 { _ = set.sweep(at: time) }
        #expect(set.count == model.times.values.count { time / 100 - $0 / 100 <= 240 }, "seed \(seed), round \(round)")
        #expect(set.evicted == 0)
    }

    @Test("No site's ids push out another's, and memory goes back a few tables at a time")
    func sites() {
        var ids = SiteIds(limits: IdSet.Limits(horizon: 24_000, entries: 10_000))
        for id in 1...1_000 { _ = ids.insert(UInt64(id), in: ids.place(of: 1), at: 0) }
        for id in 1...50_000 {
            _ = ids.insert(UInt64(id) &* 0xD6E8_FEB8_6659_FD93, in: ids.place(of: 2), at: Int64(id / 10))
            #expect(ids.count <= 10_000)
        }
        #expect((1...1_000).allSatisfy { ids.contains(UInt64($0), site: 1, at: 5_000) })
        for _ in 0..<1_000 { ids.forgetExpired(at: 90_000) }
        #expect(ids.count == 0)
    }
}
