/// Proves from a run's seed alone that a server holds what it has acknowledged, and nothing else.
///
/// Events of a verified run carry their number. The server is asked for all numbers that it shows, a few thousand at a
/// time, so that each event is looked at: every acknowledged one must be there, each once, and none that was not sent.
/// From the numbers that are there the seed gives counts, sums, distinct visitors and funnels, which have to be the
/// server's own to the last digit.
///
/// Memory: two bits an event sent, and some 20 bytes for each of a funnel's events and each visitor.
public final class Verifier {
    private let record: RunRecord
    private let stream: IndexedStream
    private let client: ServerClient
    private var result = Verification()
    private var differences = DifferenceList()
    private var sent = NumberSet()
    private var acknowledged = NumberSet()
    private var visible = NumberSet()

    /// - Throws: ``GeneratorError`` when the record's stream is out of bounds.
    public init(_ record: RunRecord, client: ServerClient) throws {
        self.record = record
        self.client = client
        stream = try record.makeStream()
    }

    /// Asks and compares.
    ///
    /// - Throws: ``ServerClient/Failure`` when a question has no answer.
    public func verify() throws -> Verification {
        if record.unexpectedlyRejected > 0 {
            differences.add("refused", "the server rejected \(record.unexpectedlyRejected) good events")
        }
        var expectedBySite = [Int](repeating: 0, count: stream.options.sites)
        for range in record.positions(record.sent) {
            for position in range {
                let event = stream.event(at: position)
                if !event.isBad, sent.insert(event.number) { expectedBySite[event.site] += 1 }
            }
        }
        for range in record.positions(record.acknowledged) {
            for position in range {
                let event = stream.event(at: position)
                if !event.isBad { acknowledged.insert(event.number) }
            }
        }
        for site in 0..<stream.options.sites {
            try list(site, expected: expectedBySite[site])
        }
        compareSets()
        var expected = ExpectedAnswers(sites: stream.options.sites)
        for range in visible.ranges { for number in range { expected.add(stream.event(numbered: number)) } }
        expected.finish()
        for site in 0..<stream.options.sites { try compare(site, expected.sites[site]) }
        result.sent = sent.count
        result.acknowledged = acknowledged.count
        result.visible = visible.count
        result.differences = differences.texts
        return result
    }

    // MARK: Which events are there

    /// A question over all time, afresh.
    private func common(_ site: Int, _ more: [String: Any]) -> [String: Any] {
        var query: [String: Any] = ["range": ["from": 0, "to": 4_102_444_800_000], "cache": false]
        if let name = stream.options.siteName(site) { query["site"] = name }
        return query.merging(more) { $1 }
    }

    /// Asks for the numbers of all events of a site.
    private func list(_ site: Int, expected: Int) throws {
        let part = EventEncoder.eventsPerPart
        if expected <= part {
            return try list(site, filter: [])
        }
        for number in 0...max(0, sent.end - 1) / part {
            try list(site, filter: [["dim": "props.part", "op": "is", "values": [number]]])
        }
    }

    private func list(_ site: Int, filter: [[String: Any]]) throws {
        let limit = 100_000
        let known: [String: Any] = ["dim": "props.n", "op": "exists"]
        let answer = try client.query(
            "top", common(site, ["by": ["props.n"], "limit": limit, "where": filter + [known]]))
        guard let rows = answer["rows"] as? [[String: Any]] else {
            throw ServerClient.Failure(description: "top: the answer has no rows")
        }
        if rows.count == limit { differences.add("unknown", "the server shows more numbers than were ever sent") }
        for row in rows {
            let key = (row["key"] as? [Any])?.first
            guard let number = (key as? Int) ?? (key as? String).flatMap({ Int($0) }), number >= 0,
                number < max(sent.end, 1), let events = row["events"] as? Int
            else {
                differences.add("not sent", "an event with the number \(key ?? "?") is visible")
                continue
            }
            let event = stream.event(numbered: number)
            if event.site != site { differences.add("elsewhere", "\(name(number)) is visible in another site") }
            if events != 1 { differences.add("doubled", "\(name(number)) is visible \(events) times") }
            if !visible.insert(number), events == 1 {
                differences.add("doubled", "\(name(number)) is visible in two parts")
            }
        }
    }

    private func compareSets() {
        for number in 0..<max(sent.end, acknowledged.end) {
            let isVisible = visible.contains(number)
            if acknowledged.contains(number), !isVisible {
                differences.add("lost", "\(name(number)) was acknowledged and is not visible")
            }
            if isVisible, !sent.contains(number) {
                let isBad = stream.event(numbered: number).isBad
                differences.add(
                    "not sent", "\(name(number)) is visible and \(isBad ? "should be refused" : "was not sent")")
            }
        }
    }

    private func name(_ number: Int) -> String {
        let event = stream.event(numbered: number)
        return "event \(number) (\(event.name) of \(stream.visitorID(event)) at \(event.time))"
    }

    // MARK: What the server makes of them

    private func compare(_ site: Int, _ expected: ExpectedAnswers.Site) throws {
        let place = stream.options.siteName(site).map { " of site \($0)" } ?? ""
        let answer = try client.query(
            "aggregate", common(site, ["metrics": ["events", "visitors", "sum:value"]]))
        guard let metrics = answer["metrics"] as? [String: Any] else {
            throw ServerClient.Failure(description: "aggregate: the answer has no metrics")
        }
        compare("events\(place)", metrics["events"], Double(expected.events))
        compare("distinct visitors\(place)", metrics["visitors"], Double(expected.visitors))
        compare("the sum of values\(place)", metrics["sum:value"], Double(expected.cents) / 100)
        guard stream.options.content == .shop else { return }
        for (number, window) in ExpectedAnswers.windows.enumerated() {
            let answer = try client.query(
                "funnel",
                common(
                    site, ["steps": ExpectedAnswers.steps.map { ["event": $0] }, "window": window]))
            let steps = answer["steps"] as? [[String: Any]] ?? []
            for (step, name) in ExpectedAnswers.steps.enumerated() {
                compare(
                    "visitors\(place) that come to \(name) within \(window / 1000) s",
                    step < steps.count ? steps[step]["count"] : nil, Double(expected.funnels[number][step]))
            }
        }
    }

    private func compare(_ what: String, _ answer: Any?, _ expected: Double) {
        result.answers += 1
        let value = (answer as? Double) ?? (answer as? Int).map(Double.init)
        // The sum over no events may be null.
        if value == expected || answer == nil && expected == 0 || "\(answer ?? 0)" == "<null>" && expected == 0 {
            return
        }
        differences.add("answer", "\(what): \(answer.map { "\($0)" } ?? "none") instead of \(expected)")
    }
}
