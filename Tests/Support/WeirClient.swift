/// The server's API as tests use it, over one connection.
public final class WeirClient {
    /// The connection, for everything that has no method here.
    public let connection: HTTPConnection

    /// Connects to a server.
    public init(_ server: ServerProcess) throws {
        connection = try server.connect()
    }

    /// Sends events, one JSON object a line.
    ///
    /// - Returns: the answer's body.
    /// - Throws: when the status is not 200.
    @discardableResult
    public func send(_ lines: [String], site: String? = nil, backfill: Bool = true) throws -> JSON {
        var parameters: [String] = []
        if let site { parameters.append("site=\(site)") }
        if backfill { parameters.append("backfill=true") }
        let target = "/v1/events" + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
        let body = Array(lines.joined(separator: "\n").utf8)
        let response = try connection.request(
            "POST", target, headers: [("Content-Type", "application/x-ndjson")], body: body)
        return try success(response, "POST \(target)")
    }

    /// Asks a query.
    ///
    /// - Throws: when the status is not 200.
    public func query(_ kind: String, _ query: JSON, site: String? = nil) throws -> JSON {
        var query = query
        if let site { query["site"] = .string(site) }
        let body = query.description
        let response = try connection.request(
            "POST", "/v1/query/\(kind)", headers: [("Content-Type", "application/json")], body: Array(body.utf8))
        return try success(response, "POST /v1/query/\(kind) \(body)")
    }

    /// Seals what is in flight.
    public func flush() throws {
        let response = try connection.request("POST", "/v1/admin/flush", body: [])
        guard response.status == 200 else { throw HarnessError("flush: \(response.status) \(response.text)") }
    }

    /// The server's metrics.
    public func metrics() throws -> Metrics {
        let response = try connection.request("GET", "/metrics")
        guard response.status == 200 else { throw HarnessError("metrics: \(response.status)") }
        return Metrics(response.text)
    }

    private func success(_ response: HTTPResponse, _ what: String) throws -> JSON {
        guard response.status == 200 else {
            throw HarnessError("\(what): \(response.status) \(response.text.prefix(1000))")
        }
        return try response.json()
    }
}

/// Samples of the Prometheus text format.
public struct Metrics: Sendable {
    private var samples: [(name: String, labels: [String: String], value: Double)] = []

    /// Reads the text; lines that are no samples are left out.
    public init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                continue
            }
            let series = line[..<space]
            let name = series.prefix { $0 != "{" }
            var labels: [String: String] = [:]
            for pair in series.dropFirst(name.count + 1).dropLast().split(separator: ",") {
                let sides = pair.split(separator: "=", maxSplits: 1)
                if sides.count == 2 { labels[String(sides[0])] = String(sides[1].dropFirst().dropLast()) }
            }
            samples.append((String(name), labels, value))
        }
    }

    /// The sum of all samples of a name that have these labels; 0 where there are none.
    public func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }.reduce(0) { $0 + $1.value }
    }

    /// Whether there is a sample of a name.
    public func has(_ name: String) -> Bool {
        samples.contains { $0.name == name }
    }

    /// How the received events do not add up to what became of them; `nil` when they do.
    public var imbalance: String? {
        let parts = ["received", "accepted", "duplicate", "rejected", "dropped"].map { sum("weir_events_\($0)_total") }
        guard parts[0] != parts[1...].reduce(0, +) else { return nil }
        return
            "received \(parts[0]) ≠ accepted \(parts[1]) + duplicate \(parts[2]) + rejected \(parts[3]) + dropped \(parts[4])"
    }
}
