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
        "Every option of the contract is taken",
        arguments: [
            #""order":"strict_order""#, #""order":"any_order""#, #""attempt":"first""#, #""count":"attempts""#,
            #""same":["props.product"]"#, #""exclude":[{"event":"refund","after":1,"before":2,"policy":"stop"}]"#,
            #""exclude":[{"event":"refund"}],"order":"any_order""#, #""by":["country","path"]"#,
            #""by":"country","attribution":"last""#, #""by":"country","attribution":2"#, #""interval":"day""#,
            #""time_to_convert":{"percentiles":[50,90],"bins":20}"#,
        ])
    func options(member: String) {
        #expect(error("{\"steps\":[\"a\",\"b\"],\(member)}") == nil)
    }

    @Test(
        "What cannot be met is refused with its place",
        arguments: [
            (#"{"steps":[{"event":"a","optional":true},"b"]}"#, "steps[0].optional"),
            (#"{"steps":["a",{"event":"b","optional":true}],"by":"country","attribution":2}"#, "attribution"),
            (#"{"steps":["a",{"event":"b","within":"1m"}],"order":"any_order"}"#, "steps[1].within"),
            (#"{"steps":["a",{"event":"b","optional":true}],"order":"any_order"}"#, "steps[1].optional"),
            (
                #"{"steps":["a","b","c"],"order":"any_order","exclude":[{"event":"x"},{"event":"y","before":2}]}"#,
                "exclude[1]"
            ),
        ])
    func impossible(json: String, field: String) {
        let refused = error(json)
        #expect(refused?.code == "invalid_query")
        #expect(refused?.field == field)
    }

    @Test("Options are checked")
    func optionsAreChecked() {
        for member in [
            #""order":"random""#, #""exclude":[{"event":"x","after":2,"before":1}]"#, #""exclude":[{"after":1}]"#,
            #""attribution":3"#, #""attribution":"middle""#, #""time_to_convert":{"percentiles":[101]}"#,
            #""time_to_convert":{"bins":-1}"#,
        ] {
            #expect(error("{\"steps\":[\"a\",\"b\"],\(member)}")?.code == "invalid_query", "\(member)")
        }
    }

    @Test("A list of visitors is a funnel with a step and what became of it")
    func visitors() throws {
        func parsed(_ json: String) throws -> FunnelVisitorsQuery? {
            guard case .funnelVisitors(let query) = try Query.parse(kind: "funnel/visitors", json: Array(json.utf8))
            else { return nil }
            return query
        }
        let query = try #require(
            try parsed(#"{"steps":["a","b"],"window":"1h","step":2,"outcome":"dropped","limit":7,"by":"country"}"#))
        #expect(query.target == FunnelVisitorsQuery.Target(step: 2, outcome: .dropped))
        #expect(query.limit == 7)
        #expect(query.funnel.windowMs == 3_600_000)
        #expect(try parsed(#"{"steps":["a"],"step":1}"#)?.target.outcome == .reached)
        for (json, code) in [
            (#"{"steps":["a"]}"#, "invalid_query"), (#"{"steps":["a"],"step":2}"#, "invalid_query"),
            (#"{"steps":["a"],"step":1,"outcome":"lost"}"#, "invalid_query"),
            (#"{"steps":["a"],"step":1,"cursor":"v1"}"#, "invalid_cursor"),
            (#"{"steps":["a"],"step":1,"cursor":"x00"}"#, "invalid_cursor"),
        ] {
            #expect(throws: QueryError.self, "\(json)") { try parsed(json) }
            do {
                _ = try parsed(json)
            } catch let error as QueryError {
                #expect(error.code == code, "\(json)")
            }
        }
    }

    @Test("A funnel put together in code can be checked as well")
    func requirePossible() throws {
        var query = FunnelQuery(common: CommonQuery(), steps: [FunnelStep(alternatives: [StepMatch(event: "a")])])
        try query.requirePossible()
        query.steps[0].optional = true
        #expect(throws: QueryError.self) { try query.requirePossible() }
    }
}
