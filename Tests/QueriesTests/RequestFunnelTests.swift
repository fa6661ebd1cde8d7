import Events
import Queries
import Testing

@Suite("Funnel queries")
struct RequestFunnelTests {
    private func funnel(_ json: String) throws -> FunnelQuery {
        guard case .funnel(let query) = try Query.parse(kind: "funnel", json: Array(json.utf8)) else {
            throw QueryError(.invalidQuery, "no funnel")
        }
        return query
    }

    private func error(_ json: String) -> QueryError? {
        do {
            _ = try Query.parse(kind: "funnel", json: Array(json.utf8))
            return nil
        } catch { return error }
    }

    @Test("Steps are events, filters, both, or any of such")
    func steps() throws {
        let query = try funnel(
            """
            {"steps":[{"event":"view_item"},"cart",{"event":"add","where":[{"dim":"country","values":["DE"]}]},
                      {"where":{"dim":"path","value":"/x"}},{"any":[{"event":"purchase"},{"event":"subscribe"},"gift"]},
                      {"any":[{"event":"only"}]}],
             "window":"1h","strict_increase":true,"count":"sessions","by":"country","attribution":"first","limit":3,
             "order":"sequential","attempt":"best"}
            """)
        #expect(query.steps.map(\.label) == ["view_item", "cart", "add", nil, nil, "only"])
        #expect(query.steps[2].alternatives[0].filter != nil)
        #expect(query.steps[3].alternatives == [StepMatch(event: nil, filter: query.steps[3].alternatives[0].filter)])
        #expect(query.steps[4].alternatives.map(\.event) == ["purchase", "subscribe", "gift"])
        #expect(query.windowMs == 3_600_000)
        #expect(query.strictIncrease)
        #expect(query.count == .sessions)
        #expect(query.by == [.field(.country)])
        #expect(query.attribution == .first)
        #expect(query.limit == 3)
    }

    @Test("Windows go up to the largest 64-bit integer")
    func windows() throws {
        for (text, milliseconds) in [
            ("9223372036854775807", Int64.max), ("6048000000000000000", 6_048_000_000_000_000_000), ("0", 0),
            ("\"9223372036854775807\"", .max), ("\"7d\"", 604_800_000),
        ] {
            #expect(try funnel("{\"steps\":[\"a\"],\"window\":\(text)}").windowMs == milliseconds)
        }
        for text in ["9223372036854775808", "-1", "1.5", "\"106751991168d\"", "true"] {
            #expect(error("{\"steps\":[\"a\"],\"window\":\(text)}")?.code == "invalid_duration")
        }
    }

    @Test("A funnel has 1 to 32 steps")
    func stepCount() throws {
        let steps = { (count: Int) in
            "{\"steps\":[" + Array(repeating: "\"a\"", count: count).joined(separator: ",") + "]}"
        }
        #expect(try funnel(steps(32)).steps.count == 32)
        let tooMany = error(steps(33))
        #expect(tooMany?.code == "too_many_steps")
        #expect(tooMany?.detail.contains("32") == true)
        #expect(error(steps(0))?.code == "invalid_query")
        #expect(error("{}")?.field == "steps")
    }

    @Test(
        "A step that says nothing, or too much, is refused with its place",
        arguments: [
            ("{}", "steps[0]"), ("1", "steps[0]"), (#"{"event":""}"#, "steps[0].event"),
            (#"{"event":1}"#, "steps[0].event"),
            (#"{"where":[]}"#, "steps[0]"), (#"{"any":[]}"#, "steps[0].any"), (#"{"any":"a"}"#, "steps[0].any"),
            (#"{"any":[{}]}"#, "steps[0].any[0]"), (#"{"any":[{"any":[]}]}"#, "steps[0].any[0].any"),
            (#"{"any":["a"],"event":"b"}"#, "steps[0]"), (#"{"evnt":"a"}"#, "steps[0].evnt"),
            (#"{"event":"a","within":"x"}"#, "steps[0].within"), (#"{"event":"a","optional":1}"#, "steps[0].optional"),
            (#"{"event":"a","where":[{"dim":"path","op":"gt","value":"x"}]}"#, "steps[0].where[0].value"),
            (#"{"any":["a",{"where":{"dim":"nope","value":1}}]}"#, "steps[0].any[1].where.dim"),
        ])
    func badSteps(step: String, field: String) {
        #expect(error("{\"steps\":[\(step)]}")?.field == field)
    }

    @Test(
        "What is announced but not there is refused by name",
        arguments: [
            (#""order":"strict_order""#, "order"), (#""order":"any_order""#, "order"),
            (#""attempt":"first""#, "attempt"),
            (#""count":"attempts""#, "count"), (#""same":["props.product"]"#, "same"),
            (#""exclude":[{"event":"refund","after":1,"before":2,"policy":"stop"}]"#, "exclude"),
            (#""by":["country","path"]"#, "by"), (#""by":"country","attribution":"last""#, "attribution"),
            (#""by":"country","attribution":2"#, "attribution"), (#""interval":"day""#, "interval"),
            (#""time_to_convert":{"percentiles":[50,90],"bins":20}"#, "time_to_convert"),
        ])
    func notImplemented(member: String, field: String) {
        let refused = error("{\"steps\":[\"a\",\"b\"],\(member)}")
        #expect(refused?.code == "not_implemented")
        #expect(refused?.status == 501)
        #expect(refused?.field == field)
    }

    @Test("Options of steps that are announced are refused by name, too")
    func notImplementedSteps() {
        #expect(error(#"{"steps":["a",{"event":"b","within":"10m"}]}"#)?.field == "steps[1].within")
        #expect(error(#"{"steps":["a",{"event":"b","optional":true}]}"#)?.field == "steps[1].optional")
        #expect(error(#"{"steps":["a",{"event":"b","optional":false}]}"#) == nil)
    }

    @Test("What is announced is checked before it is refused")
    func announcedIsChecked() {
        for member in [
            #""order":"random""#, #""exclude":[{"event":"x","after":2,"before":1}]"#, #""exclude":[{"after":1}]"#,
            #""attribution":3"#, #""attribution":"middle""#, #""time_to_convert":{"percentiles":[101]}"#,
            #""time_to_convert":{"bins":-1}"#,
        ] {
            #expect(error("{\"steps\":[\"a\",\"b\"],\(member)}")?.code == "invalid_query", "\(member)")
        }
    }

    @Test("A funnel put together in code can be checked as well")
    func requireSupported() throws {
        var query = FunnelQuery(common: CommonQuery(), steps: [FunnelStep(alternatives: [StepMatch(event: "a")])])
        try query.requireSupported()
        query.attempt = .first
        #expect(throws: QueryError.self) { try query.requireSupported() }
    }
}
