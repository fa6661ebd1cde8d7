import Foundation
import TestSupport
import Testing

/// Streams that are long enough for queries to be cut into partitions and spread over threads, which those of the
/// random comparison are not.
@Suite("The engine against the reference, over many visitors")
struct PartitionAgreementTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
    private static let start = 1_767_225_600_000
    private static let day = 86_400_000

    /// Three days, a part that comes late and overlaps the second, and some events in flight. Times are rough, so that
    /// many are equal.
    private func parts() -> [[String]] {
        var random = SeededGenerator(seed: seed)
        let names = ["page_view", "page_view", "page_view", "view_item", "view_item", "add_to_cart", "purchase"]
        let countries = ["DE", "US", "US", "FR"]
        return [(0, 12_000), (1, 12_000), (2, 12_000), (1, 2_000), (2, 1_000)].map { day, count in
            (0..<count).map { _ in
                let visitor = random.int(0...2_999)
                let page = min(random.int(0...199), random.int(0...199))
                // Visitors are busy for two hours of each day.
                let minute = (visitor * 7 + day * 11) % 1_300 + random.int(0...120)
                let time = Self.start + day * Self.day + minute * 60_000
                let name = names[random.int(0...(names.count - 1))]
                let country = countries[random.chance(0.05) ? random.int(0...3) : visitor % 4]
                return """
                    {"event":"\(name)","visitor":"v\(visitor)","time":\(time),"url":"https://x.y/p/\(page)",\
                    "country":"\(country)","value":\(page)}
                    """
            }
        }
    }

    private let queries: [(kind: String, json: String)] = [
        (
            "funnel",
            #"""
            {"steps":[{"event":"page_view"},{"event":"view_item"},{"event":"add_to_cart"},\#
            {"event":"purchase"}],"window":"1h"}
            """#
        ),
        (
            "funnel",
            #"""
            {"steps":[{"event":"page_view"},{"event":"view_item"},{"event":"purchase"}],"window":"3d",\#
            "strict_increase":true}
            """#
        ),
        (
            "funnel",
            #"""
            {"steps":[{"event":"view_item"},{"event":"add_to_cart"}],"window":"20m",\#
            "where":[{"dim":"country","op":"is","values":["DE"]}]}
            """#
        ),
        (
            "funnel",
            #"""
            {"steps":[{"event":"page_view","where":[{"dim":"path","op":"is","values":["/p/1",\#
            "/p/2"]}]},{"event":"page_view","where":[{"dim":"path","op":"is","values":["/p/3",\#
            "/p/4"]}]}],"window":"1d"}
            """#
        ),
        ("funnel", #"{"steps":[{"event":"page_view"},{"event":"page_view"},{"event":"view_item"}],"window":"1h"}"#),
        (
            "funnel",
            #"""
            {"steps":[{"any":[{"event":"view_item"},{"event":"add_to_cart"}]},{"event":"purchase"}],\#
            "window":"2h","range":{"from":1767270000000,"to":1767400000000}}
            """#
        ),
        ("top", #"{"by":"path","metrics":["events"],"limit":7,"other":true}"#),
        (
            "top",
            #"""
            {"by":"path","where":[{"dim":"event","op":"is","values":["view_item"]}],\#
            "metrics":["events","pageviews"],"other":true}
            """#
        ),
        (
            "top",
            #"""
            {"by":"path","metrics":["pageviews","events"],\#
            "having":[{"metric":"events","op":"gt","value":50}],"offset":3}
            """#
        ),
        ("top", #"{"by":"path","metrics":["visitors"]}"#),
        (
            "top",
            #"""
            {"by":"path","metrics":["visitors","events"],"where":[{"dim":"event","op":"is",\#
            "values":["page_view"]}],"offset":2,"limit":5}
            """#
        ),
        ("top", #"{"by":"country","metrics":["visitors"],"range":{"from":1767270000000,"to":1767400000000}}"#),
        (
            "top",
            #"""
            {"by":"path","metrics":["events","visitors"],"where":[{"dim":"country","op":"is",\#
            "values":["FR"]}]}
            """#
        ),
        ("top", #"{"by":"props.none","metrics":["visitors"]}"#),
        ("aggregate", #"{"metrics":["visitors","events","sum:value"]}"#),
        (
            "aggregate",
            #"""
            {"metrics":["visitors"],"where":[{"dim":"country","op":"is_not","values":["US"]}],\#
            "range":{"from":1767270000000,"to":1767400000000}}
            """#
        ),
        ("timeseries", #"{"interval":"hour","metrics":["events","visitors","sum:value"]}"#),
        ("timeseries", #"{"interval":"hour","metrics":["events","visitors"],"timezone":"Asia/Kolkata"}"#),
        (
            "timeseries",
            #"""
            {"interval":"day","metrics":["events","pageviews","visitors"],"timezone":"Europe/Berlin",\#
            "where":[{"dim":"event","op":"is","values":["page_view"]}]}
            """#
        ),
        (
            "timeseries",
            #"""
            {"interval":"hour","metrics":["visitors"],"range":{"from":1767312000000,\#
            "to":1767398400000},"where":[{"dim":"country","op":"is","values":["DE"]}]}
            """#
        ),
    ]

    @Test("Kernels, roll-ups and scans have the reference's answers", arguments: [false, true])
    func agrees(compacts: Bool) async throws {
        let parts = parts()
        let reference = try Reference(lines: parts.flatMap(\.self))
        let target = StoreTarget(compacts: compacts)
        for (index, part) in parts.enumerated() {
            try await target.load(part)
            if index < parts.count - 1 { try await target.flush() }
        }
        for isSealed in [false, true] {
            if isSealed { try await target.flush() }
            for (kind, json) in queries {
                let answer = try JSON(parsing: try await target.query(kind, json))
                let differences = try reference.disagreement(kind, try JSON(parsing: json), answer: answer)
                #expect(
                    differences.isEmpty, "seed \(seed), sealed \(isSealed), \(kind) \(json): \(differences.prefix(3))")
            }
        }
        try await StoreTarget.waitUntilClosed()
    }
}
