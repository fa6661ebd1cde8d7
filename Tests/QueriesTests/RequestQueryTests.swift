import Events
import Queries
import Testing

@Suite("Queries as JSON")
struct RequestQueryTests {
    private func parse(_ kind: String, _ json: String) throws(QueryError) -> Query {
        try Query.parse(kind: kind, json: Array(json.utf8))
    }

    private func common(_ json: String) throws -> CommonQuery {
        try parse("schema", json).common
    }

    @Test("Everything has a default")
    func defaults() throws {
        let common = CommonQuery(
            site: "default", range: .all, timezone: .utc, filter: nil, useCache: true, timeoutMs: nil)
        for json in [
            "", " \n", "{}",
            #"{"site":null,"range":null,"where":null,"where":null}"#.replacing(",\"where\":null}", with: "}"),
        ] {
            #expect(try parse("schema", json) == .schema(SchemaQuery(common: common)))
        }
        #expect(
            try parse("aggregate", "{}") == .aggregate(AggregateQuery(common: common, metrics: [.events, .visitors])))
        #expect(
            try parse("timeseries", "{}")
                == .timeseries(
                    TimeseriesQuery(common: common, metrics: [.events, .visitors], interval: .day, by: nil, limit: 10)))
        #expect(
            try parse("top", #"{"by":"path"}"#)
                == .top(TopQuery(common: common, by: [.field(.path)], metrics: [.events], orderBy: .events, limit: 10)))
        #expect(try parse("events", "{}") == .events(EventsQuery(common: common, limit: 100)))
        #expect(
            try parse("values", #"{"dim":"props.plan"}"#)
                == .values(ValuesQuery(common: common, dimension: .property("plan"), prefix: "", limit: 20)))
        let step = FunnelStep(alternatives: [StepMatch(event: "a")])
        #expect(
            try parse("funnel", #"{"steps":["a"]}"#)
                == .funnel(FunnelQuery(common: common, steps: [step], windowMs: 604_800_000)))
    }

    @Test("The common fields are read")
    func commonFields() throws {
        let query = try common(
            #"{"site":"shop","timezone":"+02:00","cache":false,"timeout":"5s","range":{"last":"24h"}}"#)
        #expect(query.site == "shop")
        #expect(query.timezone == .fixed(seconds: 7_200))
        #expect(query.useCache == false)
        #expect(query.timeoutMs == 5_000)
        #expect(query.range == .last(86_400_000))
    }

    @Test(
        "Ranges have several forms",
        arguments: [
            (
                #""range":{"from":"2026-11-01T00:00:00Z","to":"2026-11-08T00:00:00Z"}"#,
                TimeRange.absolute(from: 1_793_491_200_000, to: 1_794_096_000_000)
            ),
            (#""range":{"from":5}"#, .absolute(from: 5, to: nil)),
            (#""range":{"to":5.0}"#, .absolute(from: nil, to: 5)),
            (#""range":{"from":5,"to":5}"#, .absolute(from: 5, to: 5)), (#""range":{"last":60000}"#, .last(60_000)),
            (#""range":"today""#, .today), (#""range":"yesterday""#, .yesterday), (#""range":"month""#, .month),
            (#""range":"all""#, .all), (#""range":"7d""#, .last(604_800_000)),
            (#""range":"30d""#, .last(2_592_000_000)),
            (#""last":"24h""#, .last(86_400_000)), (#""from":"5","to":"9""#, .absolute(from: 5, to: 9)),
        ])
    func ranges(member: String, range: TimeRange) throws {
        #expect(try common("{\(member)}").range == range)
    }

    @Test("Metrics are read by name, and answered by the same")
    func metrics() throws {
        let names = [
            "events", "visitors", "sessions", "pageviews", "sum:value", "avg:value", "min:value", "max:value",
            "p50:value",
            "p95:value", "events_per_visitor", "bounce_rate", "session_duration", "sum:props.n",
            "p99.9:props.cart.size",
            "p0:value", "p100:value",
        ]
        let json = "{\"metrics\":[\(names.map { "\"\($0)\"" }.joined(separator: ","))],\"compare\":\"previous\"}"
        guard case .aggregate(let query) = try parse("aggregate", json) else { return #expect(Bool(false)) }
        #expect(query.metrics.map(\.name) == names)
        #expect(query.metrics.last == .percentile(100, .value))
        #expect(query.metrics[14].measure == .property("cart.size"))
        #expect(query.comparePrevious)
        guard
            case .aggregate(let twice) = try parse(
                "aggregate", #"{"metrics":["events","p50.0:value","events","p50:value"]}"#)
        else { return #expect(Bool(false)) }
        #expect(twice.metrics.map(\.name) == ["events", "p50:value"])
    }

    @Test("A time series is read")
    func timeseries() throws {
        let json = #"{"metrics":"visitors","interval":"hour","by":"country","limit":5}"#
        guard case .timeseries(let query) = try parse("timeseries", json) else { return #expect(Bool(false)) }
        #expect(query.metrics == [.visitors])
        #expect(query.interval == .hour)
        #expect(query.by == .field(.country))
        #expect(query.limit == 5)
    }

    @Test("A top query is read")
    func top() throws {
        let json = """
            {"by":["path","props.plan"],"metrics":["visitors","sum:value"],"order_by":"sum:value","order":"asc","limit":3,
             "offset":2,"having":[{"metric":"events","op":"gte","value":5}],"other":true,"series":"hour","approximate":true}
            """
        guard case .top(let query) = try parse("top", json) else { return #expect(Bool(false)) }
        let expected = TopQuery(
            common: CommonQuery(), by: [.field(.path), .property("plan")], metrics: [.visitors, .sum(.value)],
            orderBy: .sum(.value), descending: false, limit: 3, offset: 2,
            having: [Having(metric: .events, op: .greaterOrEqual, value: 5)], other: true, seriesInterval: .hour,
            approximate: true)
        #expect(query == expected)
        #expect(query.computedMetrics == [.visitors, .sum(.value), .events])
        guard case .top(let ordered) = try parse("top", #"{"by":"path","metrics":["visitors","events"]}"#) else {
            return #expect(Bool(false))
        }
        #expect(ordered.orderBy == .visitors)
    }

    @Test("Conditions compare numbers, and a missing number meets only is_not")
    func having() {
        let table: [(Having.Op, [Bool])] = [
            (.greater, [false, false, true]), (.greaterOrEqual, [false, true, true]), (.less, [true, false, false]),
            (.lessOrEqual, [true, true, false]), (.is, [false, true, false]), (.isNot, [true, false, true]),
        ]
        for (op, expected) in table {
            let condition = Having(metric: .events, op: op, value: 5)
            #expect([4.0, 5, 6].map { condition.holds(for: $0) } == expected)
            #expect(condition.holds(for: nil) == (op == .isNot))
        }
    }

    @Test("Events and values queries are read")
    func listings() throws {
        guard
            case .events(let events) = try parse("events", #"{"limit":7,"cursor":"abc","columns":["event","props.x"]}"#)
        else { return #expect(Bool(false)) }
        #expect(
            events
                == EventsQuery(
                    common: CommonQuery(), limit: 7, cursor: "abc", columns: [.field(.event), .property("x")]))
        guard case .values(let values) = try parse("values", #"{"dim":"path","prefix":"/do","limit":4}"#) else {
            return #expect(Bool(false))
        }
        #expect(values == ValuesQuery(common: CommonQuery(), dimension: .field(.path), prefix: "/do", limit: 4))
    }

    @Test("Every field is a dimension, and so is any property")
    func dimensions() throws {
        for field in Field.allCases {
            #expect(try Dimension(field.rawValue, path: "by") == .field(field))
            #expect(Dimension.field(field).name == field.rawValue)
        }
        for name in ["plan", "cart.size", "a b", "é", "props.x", "."] {
            let dimension = try Dimension("props." + name, path: "by")
            #expect(dimension == .property(name))
            #expect(dimension.name == "props." + name)
        }
        #expect(Dimension.property("\u{E9}") != .property("e\u{301}"))
        for repeated in ["path", "props.\u{E9}"] {
            #expect(Set([try Dimension(repeated, path: ""), try Dimension(repeated, path: "")]).count == 1)
        }
    }

    @Test("A kind that is not there is an error that guesses which one was meant")
    func kinds() {
        let error = #expect(throws: QueryError.self) { try parse("topp", "{}") }
        #expect(error?.code == "unknown_kind")
        #expect(error?.status == 404)
        #expect(error?.detail.contains("did you mean \"top\"?") == true)
    }

    @Test("Codes are stable, and each has its status and title")
    func codes() {
        let statuses = [
            "unknown_kind": 404, "storage_error": 500, "timeout": 504, "cancelled": 499, "query_memory_busy": 503,
        ]
        for code in QueryError.Code.allCases {
            let error = QueryError(code, "detail")
            #expect(error.code == code.rawValue)
            #expect(error.status == statuses[code.rawValue] ?? 400)
            #expect(!error.title.isEmpty)
        }
    }
}
