import Events
import Testing

@Suite("Time of an event")
struct EventTimeTests {
    let harness = Harness()

    @Test("An absent time is the time of receipt")
    func absent() throws {
        var harness = harness
        #expect(try harness.row(smallest)["time"] == String(Harness.now))
        harness.context.receivedAt = Harness.now - 90_000_000_000
        #expect(try harness.row(smallest)["time"] == String(Harness.now - 90_000_000_000))
    }

    @Test("Integers are Unix milliseconds, however they are written")
    func integers() throws {
        for text in ["1795348800000", "1795348800000.0", "1.7953488e12"] {
            #expect(try harness.row("{\"event\":\"e\",\"time\":\(text)}")["time"] == "1795348800000")
        }
        for text in ["1795348800000.5", "0.1", "\"1795348800000\"", "\"\"", "true", "[]", "{}", "\"yesterday\""] {
            #expect(try harness.code("\"time\":\(text)") == .invalidTime, "\(text)")
        }
    }

    @Test("Events lie between 1970 and 9999, imports too")
    func range() throws {
        var harness = harness
        harness.context.backfill = true
        for text in ["0", "253402300799999", "\"1970-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.999Z\""] {
            #expect(try harness.code("\"time\":\(text)") == nil)
        }
        for text in [
            "-1", "253402300800000", "1e300", "18446744073709551615", "-9223372036854775808", "1795348800000000000",
            "\"1969-12-31T23:59:59.999Z\"", "\"1970-01-01T00:00:00+00:01\"", "\"9999-12-31T23:59:59-00:01\"",
            "\"0000-01-01T00:00:00Z\"",
        ] {
            #expect(try harness.code("\"time\":\(text)") == .timeOutOfRange, "\(text)")
        }
    }

    @Test("The limits are inclusive, and a backfill has none")
    func limits() throws {
        var harness = harness
        let now = Harness.now
        for (time, code) in [
            (now + 600_000, nil), (now + 600_001, .timeInFuture), (now - 604_800_000, nil),
            (now - 604_800_001, .timeTooOld), (0, .timeTooOld), (CivilTime.latest, .timeInFuture),
        ] as [(Int64, RejectionCode?)] {
            #expect(try harness.code("\"time\":\(time)") == code)
        }
        harness.context.backfill = true
        #expect(try harness.code("\"time\":\(now + 600_001)") == nil)
        #expect(try harness.code("\"time\":0") == nil)
    }

    @Test("What a site would give up at once is too old, of a backfill too; each site has its own line")
    func retention() throws {
        var harness = harness
        let (now, day) = (Harness.now, Int64(86_400_000))
        harness.context.backfill = true
        harness.context.retention = { ["default": 30 * day, "short": day][$0] }
        for (time, site, isTaken) in [
            (now - 30 * day, "default", true), (now - 30 * day - 1, "default", false), (now - day, "short", true),
            (now - day - 1, "short", false), (0, "short", false), (0, "whole", true), (now, "short", true),
        ] as [(Int64, String, Bool)] {
            let rejection = try harness.rejection(#"{"event":"e","visitor":"v","time":\#(time),"site":"\#(site)"}"#)
            #expect((rejection == nil) == isTaken, "\(time - now) \(site)")
            #expect(isTaken || rejection?.code == .timeTooOld && rejection?.detail.contains(site) == true)
        }
        // One after the other in a body, so that the second finds the first one's batch.
        let decoded = try harness.decode(
            [now - day, now - 2 * day, now - day + 1, now - 40 * day, now]
                .map { #"{"event":"e","time":\#($0),"site":"short"}"# }.joined(separator: "\n"))
        #expect(decoded.accepted == 3 && decoded.rejections.map(\.index) == [1, 3])
        #expect(decoded.rejections.allSatisfy { $0.site == "short" })
        // Without a time it is of now, and taken.
        #expect(try harness.rejection(#"{"event":"e","site":"short"}"#) == nil)
        // Periods that reach back beyond all times keep everything.
        harness.context.retention = { _ in .max }
        #expect(try harness.code("\"time\":0") == nil)
    }

    @Test("Rows are parted by site and calendar month, times are offsets from its start")
    func partitions() throws {
        var harness = harness
        harness.context.backfill = true
        let decoded = try harness.decode(
            #"""
            {"event":"a","time":"2026-10-31T23:59:59.999Z"}
            {"event":"b","time":"2026-11-01T00:00:00Z"}
            {"event":"c","time":"2026-10-01T00:00:00Z"}
            {"event":"d","time":"2026-11-30T23:59:59.999Z","site":"other"}
            {"event":"e","time":"2026-11-30T23:59:59.999Z"}
            """#)
        let shape = decoded.batches.map { "\($0.site) \(CivilTime.format($0.month)) \($0.rows)" }
        #expect(
            shape == [
                "default 2026-10-01T00:00:00Z 2", "default 2026-11-01T00:00:00Z 2", "other 2026-11-01T00:00:00Z 1",
            ])
        #expect(decoded.batches[0].times == [2_678_399_999, 0])
        #expect(decoded.batches[1].times == [0, 2_591_999_999])
    }
}
