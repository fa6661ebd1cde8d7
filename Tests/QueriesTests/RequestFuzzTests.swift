import Foundation
import Queries
import TestSupport
import Testing

@Suite("K5: No bytes make the query language trap")
struct RequestFuzzTests {
    private static let kinds = QueryKind.allCases.map(\.rawValue)

    private static let samples: [String] = [
        #"{"site":"shop","range":{"from":"2026-11-01T00:00:00Z","to":1794096000000},"timezone":"Europe/Berlin"}"#,
        #"{"by":["path","props.plan"],"metrics":["visitors","p99.9:value"],"order_by":"visitors","limit":10,"other":true}"#,
        #"{"by":"path","having":[{"metric":"events","op":"gte","value":5.5e0}],"series":"hour","last":"24h"}"#,
        #"{"where":[{"dim":"country","op":"is","values":["DE",null,3.0]},{"any":[{"not":{"dim":"path","op":"exists"}}]}]}"#,
        #"{"where":{"dim":"path","op":"matches","values":["^/(p|q)+[0-9a-f]{2,3}\\d*$","(?i)\\u00e9"]},"interval":"week"}"#,
        #"{"steps":["a",{"event":"b","where":[],"within":"10m","optional":true},{"any":["c",{"event":"d"}]}],"window":"1h"}"#,
        #"{"steps":["a","b"],"exclude":[{"event":"x","after":1,"before":2}],"time_to_convert":{"percentiles":[50],"bins":9}}"#,
        #"{"dim":"props.é","prefix":"\ud83d\ude00","cursor":"abc","columns":["event"],"cache":false,"timeout":"5s"}"#,
    ]

    private static let pieces: [String] = [
        "{", "}", "[", "]", "\"", ",", ":", "null", "true", "-", "1e308", "1e999", "9223372036854775807", "0.5", "\\u",
        "\\ud800",
        "\u{0}", "é", "props.", "(", ")*", "{1000}", "\"any\":", "\"not\":", "\"where\":", "\"range\":\"7d\"",
        "\"9999d\"",
    ]

    /// Reads a query every way there is, and uses what comes out.
    private func exercise(_ bytes: [UInt8], kind: String) {
        if let value = try? JSONParser.parse(bytes) {
            // A whole number loses its fraction of zero when it is written, so texts are compared and not values.
            let written = value.encoded()
            #expect((try? JSONParser.parse(written))?.encoded() == written)
        }
        guard let query = try? Query.parse(kind: kind, json: bytes) else { return }
        let common = query.common
        guard
            let range = try? common.range.resolve(
                now: 1_793_530_800_000, firstEvent: 1_790_000_000_000, lastEvent: nil, timezone: common.timezone)
        else { return }
        #expect(range.from <= range.to)
        if case .timeseries(let series) = query,
            let intervals = try? Intervals(range, every: series.interval, in: common.timezone), intervals.count > 0
        {
            #expect(intervals.index(of: range.from) == 0)
            #expect(intervals.index(of: range.to - 1) == intervals.count - 1)
        }
    }

    @Test("Random bytes and mutated queries are read or refused")
    func mutations() throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for round in 0..<20_000 {
            var bytes: [UInt8]
            if round % 10 == 0 {
                bytes = (0..<generator.int(0...60)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            } else {
                bytes = Array(generator.pick(Self.samples).utf8)
                for _ in 0..<generator.int(0...4) { mutate(&bytes, &generator) }
            }
            exercise(bytes, kind: generator.pick(Self.kinds))
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let place = generator.int(0...bytes.count)
        switch generator.int(0...4) {
        case 0: bytes.insert(contentsOf: generator.pick(Self.pieces).utf8, at: place)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + generator.int(1...8)))
        case 2: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: generator.next()) }
        case 3: bytes.removeLast(bytes.count - place)
        default:
            let from = generator.int(0...place)
            bytes.insert(contentsOf: bytes[from..<min(place, from + 40)], at: place)
        }
    }

    @Test("Random parameters are read or refused")
    func parameters() {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let names = [
            "site", "range", "last", "from", "to", "timezone", "where", "cache", "timeout", "metrics", "interval", "by",
            "limit",
            "steps", "window", "event", "q", "having", "dim", "prefix", "attribution", "",
        ]
        let texts = [
            "", "path", "path,", ",", "24h", "-1", "9223372036854775807", "9223372036854775808", "true", "[", "{}",
            "[[]]", " 02:00",
            "2026-11-01T00:00:00 02:00", "today", "UTC", "Europe/Berlin", "p50:value", "é", "a,b", "\u{0}", "[\"a\"]",
            Self.samples[3], "{\"dim\":\"path\",\"value\":1}",
        ]
        for _ in 0..<20_000 {
            let parameters = (0..<generator.int(0...4)).map { _ in (generator.pick(names), generator.pick(texts)) }
            do {
                _ = try Query.parse(kind: generator.pick(Self.kinds), parameters: parameters)
            } catch {
                #expect(!error.detail.isEmpty)
                #expect(error.status >= 400)
            }
        }
    }

    @Test("The queries of the random generator are all understood")
    func randomQueries() {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let stream = RandomStream(seed: generator.next())
            for _ in 0..<100 {
                let query = RandomQuery(seed: generator.next(), over: stream)
                let json = query.json.description
                #expect(throws: Never.self, "\(query.kind) \(json)") {
                    try Query.parse(kind: query.kind, json: Array(json.utf8))
                }
            }
        }
    }
}
