import LoadgenCore
import Testing

@Suite("Schedules")
struct ScheduleTests {
    private static let schedules: [(String, RateSchedule?)] = [
        ("constant", RateSchedule(constant: 1000)), ("ramp", .ramp(from: 0, to: 200, seconds: 10)),
        ("down", .ramp(from: 300, to: 1, seconds: 7)), ("steps", .steps([10, 500, 0, 20], each: 3)),
        ("spikes", .spikes(base: 20, peak: 2000, every: 10, length: 0.5)),
        ("curve", .curve([1, 0, 4, 9, 2], mean: 100, seconds: 11)),
        ("text", RateSchedule("100@30s,100-1000@1m,0.5@500ms")),
    ]

    @Test("Events are due one after the other, and counted as they are due", arguments: schedules.map(\.0))
    func dueAndCount(name: String) throws {
        let schedule = try #require(Self.schedules.first { $0.0 == name }?.1)
        var last: Int64 = -1
        for event in 0..<5000 {
            let due = schedule.due(event)
            #expect(due >= last)
            // Events before `due` are those with a lower number, but for what is due at the same nanosecond.
            #expect(schedule.count(before: due) <= event)
            #expect(schedule.count(before: due + 1) >= event + 1)
            last = due
        }
        #expect(schedule.count(before: 0) == 0)
    }

    @Test("Every round has the events of the rates under its curve")
    func rounds() throws {
        let ramp = try #require(RateSchedule.ramp(from: 0, to: 200, seconds: 10))
        #expect(ramp.events == 1000)
        #expect(ramp.meanRate == 100)
        // Half of the events are due after 1/√2 of the time.
        #expect(abs(Double(ramp.due(500)) / 1e9 - 10 / 2.0.squareRoot()) < 1e-6)
        #expect(ramp.due(1000) == 10_000_000_000)
        #expect(ramp.count(before: 30_000_000_000) == 3000)
        let spikes = try #require(RateSchedule.spikes(base: 20, peak: 2000, every: 10, length: 0.5))
        #expect(spikes.count(before: 9_500_000_000) == 190)
        #expect(spikes.count(before: 10_000_000_000) == 1190)
        let curve = try #require(RateSchedule.curve([46, 22, 104, 62], mean: 2000, seconds: 600))
        #expect(abs(curve.events - 1_200_000) < 1)
    }

    @Test("A constant rate spaces its events evenly, far out too")
    func constant() throws {
        let schedule = try #require(RateSchedule(constant: 1000))
        #expect((0..<5).map { schedule.due($0) } == [0, 1_000_000, 2_000_000, 3_000_000, 4_000_000])
        #expect(schedule.due(1_000_000_000) == 1_000_000_000_000_000)
        #expect(schedule.count(before: 1_000_000_000_000_000) == 1_000_000_000)
    }

    @Test(
        "What is no schedule is refused",
        arguments: ["", "100", "100@", "@1s", "100@1s,", "-5@1s", "1-2-3@1s", "x@1s", "1e3@1s", "0@5s", "100@0s"])
    func badTexts(text: String) {
        #expect(RateSchedule(text) == nil)
    }

    @Test("Shapes out of bounds are refused")
    func badShapes() {
        #expect(RateSchedule(constant: 0) == nil)
        #expect(RateSchedule(constant: .infinity) == nil)
        #expect(RateSchedule([]) == nil)
        #expect(RateSchedule.spikes(base: 1, peak: 2, every: 1, length: 1) == nil)
        #expect(RateSchedule.curve([1], mean: 1, seconds: 1) == nil)
        #expect(RateSchedule.curve([1, -1, 3], mean: 1, seconds: 1) == nil)
    }
}
