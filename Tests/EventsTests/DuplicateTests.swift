import Events
import Testing

@Suite("Duplicates and bounds of a body")
struct DuplicateTests {
    let harness = Harness()

    @Test("Within a body the first accepted event of a site and id is kept")
    func duplicates() throws {
        let decoded = try harness.decode(
            #"""
            {"event":"","id":"1"}
            {"event":"kept","id":"1"}
            {"event":"twin","id":"1"}
            {"event":"other site","id":"1","site":"other"}
            {"event":"number","id":2}
            {"event":"text","id":"2"}
            {"event":"no id"}
            {"event":"no id"}
            {"event":"bad twin","id":"1","time":"never"}
            """#)
        #expect(decoded.received == 9)
        #expect(decoded.duplicates == 2)
        #expect(decoded.rejections.map(\.index) == [0, 8])
        let names = decoded.batches.flatMap(harness.rows).compactMap { $0["event"] }
        #expect(names == ["kept", "number", "no id", "no id", "other site"])
    }

    @Test("A twin in another month is a twin")
    func acrossMonths() throws {
        var harness = harness
        harness.context.backfill = true
        let decoded = try harness.decode(
            "{\"event\":\"a\",\"id\":\"1\",\"time\":0}\n{\"event\":\"a\",\"id\":\"1\",\"time\":1e12}")
        #expect(decoded.accepted == 1 && decoded.duplicates == 1)
    }

    @Test("Many ids are told apart")
    func manyIDs() throws {
        let lines = (0..<5000).map { "{\"event\":\"e\",\"id\":\"\($0 % 4000)\"}" }.joined(separator: "\n")
        let decoded = try harness.decode(lines)
        #expect(decoded.accepted == 4000 && decoded.duplicates == 1000)
    }

    @Test("A body's size, its events and its partitions are bounded")
    func bounds() throws {
        var limits = DecodeLimits()
        limits.maxBodyBytes = 1000
        limits.maxEventsPerBody = 5
        limits.maxPartitionsPerBody = 2
        let harness = Harness(limits: limits)
        let five = Array(repeating: smallest, count: 5)
        #expect(try harness.rows(five.joined(separator: "\n")).count == 5)
        for body in [(five + [smallest]).joined(separator: "\n"), "[\((five + [smallest]).joined(separator: ","))]"] {
            #expect(throws: DecodeError.self) { try harness.decode(body) }
        }
        do throws(DecodeError) {
            _ = try harness.decode(String(repeating: " ", count: 1001))
            Issue.record("A body that is too large was taken.")
        } catch {
            #expect(error.code == .bodyTooLarge)
        }
        let sites = ["a", "b", "c", "a"].map { "{\"event\":\"e\",\"site\":\"\($0)\"}" }.joined(separator: "\n")
        let decoded = try harness.decode(sites)
        #expect(decoded.rejections.map(\.code) == [.tooManyPartitions])
        #expect(decoded.accepted == 3)
    }
}
