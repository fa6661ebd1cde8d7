import Client
import Testing

@Suite("Answers as tables")
struct AnswerTextTests {
    private func text(_ kind: String, _ answer: String, query: String = "{}") throws -> String {
        AnswerText.lines(
            kind: kind, query: try JSONNode(parsing: Array(query.utf8)),
            answer: try JSONNode(parsing: Array(answer.utf8))
        ).joined(separator: "\n")
    }

    @Test("Numbers stand right, texts left, and lines end without blanks")
    func alignment() {
        var table = TextTable(header: ["name", "n"])
        table.rows = [
            [.init("a"), .init("1", isNumber: true)], [.init("long"), .init("1000", isNumber: true)],
            [.init("x"), .init("-")], [.init("short row")],
        ]
        #expect(
            table.lines == [
                "name          n", "---------  ----", "a             1", "long       1000", "x             -",
                "short row",
            ])
    }

    @Test("Control characters and endless texts cannot spoil a terminal")
    func harmless() {
        let table = TextTable(
            header: ["a"], rows: [[.init("\u{1b}[31mred\n\u{202e}x")], [.init(String(repeating: "é", count: 200))]])
        #expect(table.lines[2].hasPrefix("\u{fffd}[31mred\u{fffd}\u{fffd}x"))
        #expect(table.lines[3].count == 80)
        #expect(table.lines[3].hasSuffix("…"))
    }

    @Test("An aggregate lists its metrics, with the time before where it was asked for")
    func aggregate() throws {
        #expect(
            try text("aggregate", #"{"metrics":{"events":10,"avg:value":2.34567},"meta":{"took_ms":1.5,"exact":true}}"#)
                == """
                metric      value
                ---------  ------
                events         10
                avg:value  2.3457

                (1.5 ms)
                """)
        #expect(
            try text(
                "aggregate",
                #"{"metrics":{"events":10,"visitors":5,"x":null},"previous":{"events":8,"visitors":0,"x":1}}"#)
                    == """
                    metric    value  previous  change
                    --------  -----  --------  ------
                    events       10         8  +25.0%
                    visitors      5         0       -
                    x             -         1       -
                    """)
    }

    @Test("A time series has one line an interval, with the key where it is split")
    func timeseries() throws {
        #expect(
            try text(
                "timeseries",
                #"{"rows":[{"time":"2024-01-01T00:00:00Z","key":"DE","events":3},{"time":"2024-01-01T0"#
                    + #"0:00:00Z","key":null,"events":12}]}"#,
                query: #"{"by":"country"}"#)
                    == """
                    time                  country  events
                    --------------------  -------  ------
                    2024-01-01T00:00:00Z  DE            3
                    2024-01-01T00:00:00Z  (none)       12
                    """)
    }

    @Test("A top list names its dimensions and ends with what is not shown")
    func top() throws {
        #expect(
            try text(
                "top",
                #"{"rows":[{"key":["/p/1","DE"],"events":120,"visitors":80,"series":[1]},{"key":["/p/2"#
                    + #"",null],"events":3,"visitors":2}],"other":{"events":900},"distinct":4211}"#,
                query: #"{"by":["path","country"]}"#)
                    == """
                    path     country  events  visitors
                    -------  -------  ------  --------
                    /p/1     DE          120        80
                    /p/2     (none)        3         2
                    (other)              900

                    4211 distinct
                    """)
        #expect(try text("top", #"{"rows":[],"distinct":0}"#) == "no rows\n\n0 distinct")
        #expect(
            try text("top", #"{"rows":[],"other":{"events":5}}"#, query: #"{"by":"path"}"#).contains("(other)       5"))
    }

    @Test("A funnel shows its steps, and a block for each key")
    func funnel() throws {
        let steps =
            #"[{"event":"view","count":1000,"rate":1.0,"step_rate":1.0,"drop_off":0},{"event":"buy"#
            + #"","count":45,"rate":0.045,"step_rate":0.045,"drop_off":955}]"#
        #expect(
            try text(
                "funnel", #"{"steps":\#(steps),"rows":[{"key":"DE","steps":\#(steps)}]}"#, query: #"{"by":"country"}"#)
                    == """
                    step  event  count    rate  step rate  drop-off
                    ----  -----  -----  ------  ---------  --------
                       1  view    1000  100.0%     100.0%         0
                       2  buy       45    4.5%       4.5%       955

                    country: DE
                    step  event  count    rate  step rate  drop-off
                    ----  -----  -----  ------  ---------  --------
                       1  view    1000  100.0%     100.0%         0
                       2  buy       45    4.5%       4.5%       955
                    """)
    }

    @Test("Events show the usual fields that are there, and their properties")
    func events() throws {
        #expect(
            try text(
                "events",
                #"{"events":[{"time":"2024-01-01T00:00:00Z","event":"buy","visitor":"v1","path":"/","u"#
                    + #"rl":"https://a/","value":9.5,"props":{"plan":"pro","n":3}}],"cursor":"abc"}"#
            )
                == """
                time                  event  visitor  path  value  props
                --------------------  -----  -------  ----  -----  ------------
                2024-01-01T00:00:00Z  buy    v1       /       9.5  plan=pro n=3

                more with --cursor abc
                """)
        #expect(try text("events", #"{"events":[]}"#) == "no events")
    }

    @Test("Lists of other kinds, and whatever else comes, are shown too")
    func generic() throws {
        #expect(
            try text("values", #"{"rows":[{"value":"/docs","events":12},{"value":"/do","events":3}]}"#)
                == """
                value  events
                -----  ------
                /docs      12
                /do         3
                """)
        #expect(
            try text(
                "schema",
                #"{"dimensions":[{"name":"path"}],"properties":[{"name":"plan","types":["string","numb"#
                    + #"er"]}],"since":null}"#
            )
                == """
                dimensions
                name
                ----
                path

                properties
                name  types
                ----  --------------
                plan  string, number

                name   value
                -----  -----
                since  -
                """)
        #expect(try text("aggregate", #"{"odd":{"x":1}}"#).contains("odd.x"))
    }

    @Test("An approximate answer says so")
    func meta() throws {
        #expect(
            try text("top", #"{"rows":[],"meta":{"took_ms":3,"rows_scanned":7,"exact":false,"relative_error":0.01}}"#)
                .hasSuffix("(3 ms, 7 rows scanned, approximate, ±1.0%)"))
    }
}
