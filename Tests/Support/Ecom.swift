import Foundation

/// The shop's events, and the answers that are known for them.
public enum Ecom {
    /// The compressed file.
    public static let file = Repository.shared.appendingPathComponent("datasets/ecom.csv.gz").path

    /// The events in the file's order, as the importer would send them.
    public static func events() throws -> [JSON] {
        let run = try ChildProcess.run("/usr/bin/env", ["gzip", "-dc", file])
        guard run.exitCode == 0 else { throw HarnessError("gzip: \(run.errors)") }
        var rows = run.output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let header = rows.removeFirst().map(String.init)
        return try rows.map { cells in
            var event: [String: JSON] = [:]
            var properties: [String: JSON] = [:]
            for (column, cell) in zip(header, cells) where !cell.isEmpty {
                switch column {
                case "user_id": event["visitor"] = .string(String(cell))
                case "session_id": event["session"] = .string(String(cell))
                case "event": event["event"] = .string(String(cell))
                case "timestamp":
                    let text = cell.replacingOccurrences(of: " ", with: "T") + "Z"
                    guard let time = Instant(parsing: text) else { throw HarnessError("no time: \(cell)") }
                    event["time"] = .integer(time.milliseconds)
                default: properties[column] = .string(String(cell))
                }
            }
            event["props"] = .object(properties)
            return .object(event)
        }
    }

    /// The known answers.
    public static func expected() throws -> JSON {
        let path = Repository.shared.appendingPathComponent("datasets/ecom-expected.json")
        return try JSON(parsing: Array(try Data(contentsOf: path)))
    }

    /// Asks everything that has a known answer and describes what differs; empty when nothing does.
    ///
    /// - Parameter ask: answers a query of a kind.
    public static func disagreements(ask: (_ kind: String, _ query: JSON) throws -> JSON) throws -> [String] {
        let expected = try expected()
        var found: [String] = []
        func check(_ what: String, _ wanted: JSON, _ actual: JSON?) {
            for difference in JSONDifference.describe(expected: wanted, actual: actual ?? .null) {
                found.append("\(what): \(difference)")
            }
        }
        func member(_ name: String) -> JSON { expected[name] ?? .null }

        let totals = try ask("aggregate", ["range": "all", "metrics": ["events", "visitors", "sessions"]])
        check(
            "totals",
            ["events": member("events"), "visitors": member("visitors"), "sessions": member("sessions")],
            totals["metrics"])

        let newest = try ask("events", ["range": "all", "limit": 1])
        check("last", ["time": member("last")], newest["events"]?.array?.first.map { ["time": $0["time"] ?? .null] })
        let first = Instant(parsing: member("first").text ?? "")?.milliseconds ?? 0
        let oldest = try ask(
            "events", ["range": ["from": 0, "to": .integer(first + 1)], "limit": 10])
        check("first", [member("first")], .array(oldest["events"]?.array?.compactMap { $0["time"] } ?? []))

        let names = try ask("top", ["range": "all", "by": "event", "metrics": ["events", "visitors"]])
        check("top events", member("top_event"), rows(names))
        let platforms = try ask(
            "top",
            [
                "range": "all", "by": "props.platform", "metrics": ["events", "visitors"],
                "where": [["dim": "event", "op": "is", "values": ["purchase"]]],
            ])
        check("platforms of purchases", member("top_platform_of_purchases"), rows(platforms))

        let months = try ask(
            "timeseries", ["range": "all", "interval": "month", "metrics": ["events", "visitors"]])
        check(
            "months", member("monthly_events"),
            .array(
                months["rows"]?.array?.map { row in
                    [
                        .string(String(row["time"]?.text?.prefix(7) ?? "")), row["events"] ?? .null,
                        row["visitors"] ?? .null,
                    ]
                } ?? []))

        for (number, funnel) in (member("funnels").array ?? []).enumerated() {
            let answer = try ask("funnel", query(of: funnel))
            let counts = answer["steps"]?.array?.map { $0["count"] ?? .null }
            check("funnel \(number)", funnel["visitors"] ?? funnel["sessions"] ?? .null, counts.map { .array($0) })
        }
        return found
    }

    private static func rows(_ answer: JSON) -> JSON {
        .array(
            answer["rows"]?.array?.map { row in
                .array((row["key"]?.array ?? []) + [row["events"] ?? .null, row["visitors"] ?? .null])
            } ?? [])
    }

    private static func query(of funnel: JSON) -> JSON {
        var query: JSON = [
            "range": "all",
            "window": funnel["window_ms"] ?? .null,
            "steps": .array(
                funnel["steps"]?.array?.map { step in
                    step.array.map { names in ["any": .array(names.map { ["event": $0] })] } ?? ["event": step]
                } ?? []),
        ]
        if let count = funnel["count"] { query["count"] = count }
        if let conditions = funnel["where"]?.object {
            query["where"] = .array(
                conditions.map { ["dim": .string($0.key), "op": "is", "values": [$0.value]] })
        }
        return query
    }
}
