import Foundation

/// One funnel case from another engine's tests.
public struct ConformanceCase: Sendable, CustomStringConvertible {
    /// The case's name.
    public let name: String
    /// The events, to be loaded as a backfill.
    public let events: [JSON]
    /// The funnel query.
    public let query: JSON
    /// How many visitors reach each step.
    public let counts: [Int64]
    /// The furthest step of each visitor.
    public let levels: [String: Int64]

    /// The name.
    public var description: String { name }

    /// All cases.
    public static func all() throws -> [ConformanceCase] {
        guard Repository.hasShared else { return [] }
        let folder = Repository.shared.appendingPathComponent("conformance")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".json") }.sorted()
        return try files.map { file in
            try ConformanceCase(try JSON(parsing: Array(try Data(contentsOf: folder.appendingPathComponent(file)))))
        }
    }

    private init(_ json: JSON) throws {
        guard let name = json["name"]?.text, let sent = json["events"]?.array, let steps = json["steps"]?.array,
            let window = json["window_ms"], let counts = json["expected"]?["step_counts"]?.array,
            let levels = json["expected"]?["level_by_visitor"]?.object
        else { throw HarnessError("an incomplete case: \(json)") }
        self.name = name
        // Times near zero are relative.
        let earliest = sent.compactMap { $0["time_ms"]?.int }.min() ?? 0
        let base: Int64 = earliest < 100_000_000_000 ? 1_577_836_800_000 : 0
        events = sent.map { event in
            var converted = event
            converted["time_ms"] = nil
            converted["time"] = .integer((event["time_ms"]?.int ?? 0) + base)
            return converted
        }
        query = [
            "range": "all", "window": window, "strict_increase": json["strict_increase"] ?? false,
            "steps": .array(try steps.map(ConformanceCase.step)),
        ]
        self.counts = counts.compactMap(\.int)
        self.levels = levels.compactMapValues(\.int)
    }

    private static func step(_ json: JSON) throws -> JSON {
        if json.text != nil { return ["event": json] }
        if let names = json["any_of"]?.array { return ["any": .array(names.map { ["event": $0] })] }
        var step: [String: JSON] = [:]
        if let event = json["event"] { step["event"] = event }
        if let tests = json["where"]?.array { step["where"] = .array(try tests.map(test)) }
        return .object(step)
    }

    private static func test(_ json: JSON) throws -> JSON {
        guard let property = json["prop"]?.text, let value = json["value"] else {
            throw HarnessError("an incomplete test: \(json)")
        }
        let dimension = JSON.string("props." + property)
        switch json["op"]?.text {
        case "eq": return ["dim": dimension, "op": "is", "values": [value]]
        case "in": return ["dim": dimension, "op": "is", "values": value]
        case "not_in": return ["dim": dimension, "op": "is_not", "values": value]
        case "is_null":
            let exists: JSON = ["dim": dimension, "op": "exists"]
            return value.bool == true ? ["not": exists] : exists
        default: throw HarnessError("an unknown operator: \(json)")
        }
    }
}
