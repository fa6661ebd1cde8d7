import Client
import Testing

@Suite("A query from flags")
struct QueryBodyTests {
    private func body(
        base: String? = nil, site: String? = nil, _ change: (inout QueryOptions) -> Void = { _ in }
    ) throws -> String {
        var options = QueryOptions(kind: "top")
        change(&options)
        let base = try base.map { try JSONNode(parsing: Array($0.utf8)) }
        return String(decoding: try QueryBody.make(options, base: base, site: site).encoded, as: UTF8.self)
    }

    @Test("No flags say nothing")
    func empty() throws {
        #expect(try body() == "{}")
        #expect(try body(site: "shop") == #"{"site":"shop"}"#)
    }

    @Test("Each flag becomes a member")
    func flags() throws {
        #expect(
            try body {
                $0.by = "path, country"
                $0.metrics = "events,visitors"
                $0.last = "24h"
                $0.limit = 5
                $0.offset = 10
                $0.orderBy = "events"
                $0.timezone = "Europe/Berlin"
                $0.filters = ["country is DE"]
                $0.event = "purchase"
            }
                == #"{"range":{"last":"24h"},"timezone":"Europe/Berlin","by":["path","country"],"#
                + #""metrics":["events","visitors"],"order_by":"events","limit":5,"offset":10,"#
                + #""where":[{"dim":"event","op":"is","values":["purchase"]},"#
                + #"{"dim":"country","op":"is","values":["DE"]}]}"#)
        #expect(
            try body {
                $0.by = "country"
                $0.steps = "view_item, add_to_cart"
                $0.window = "1h"
                $0.count = "visitors"
                $0.from = "1700000000000"
                $0.to = "2024-01-01T00:00:00Z"
                $0.interval = "day"
                $0.compare = "previous"
            }
                == #"{"range":{"from":1700000000000,"to":"2024-01-01T00:00:00Z"},"by":"country","#
                + #""compare":"previous","interval":"day","#
                + #""steps":[{"event":"view_item"},{"event":"add_to_cart"}],"window":"1h","count":"visitors"}"#)
        #expect(
            try body {
                $0.range = "7d"
                $0.dim = "path"
                $0.prefix = "/p"
                $0.cursor = "c"
                $0.steps = #"[{"any":[{"event":"a"}]}]"#
            } == #"{"range":"7d","steps":[{"any":[{"event":"a"}]}],"dim":"path","prefix":"/p","cursor":"c"}"#)
    }

    @Test("The flags of top lists")
    func top() throws {
        #expect(
            try body {
                $0.orderBy = "events"
                $0.order = "asc"
                $0.having = ["events gte 5", "sum:value lt -2.5"]
                $0.other = true
                $0.series = "day"
                $0.approximate = true
            }
                == #"{"order_by":"events","order":"asc","having":[{"metric":"events","op":"gte","value":5},"#
                + #"{"metric":"sum:value","op":"lt","value":-2.5}],"other":true,"series":"day","approximate":true}"#)
        for text in ["events", "events gte", "events gte many", "events gte 5 6"] {
            #expect(throws: ClientError.self) { try body { $0.having = [text] } }
        }
    }

    @Test("The flags of retention and paths name events, or hold the API's JSON")
    func visits() throws {
        #expect(
            try body {
                $0.start = "signup"
                $0.comeback = #"{"any":["a","b"]}"#
                $0.intervals = 6
                $0.mode = "on_or_after"
                $0.cohorts = "every"
            }
                == #"{"start":{"event":"signup"},"return":{"any":["a","b"]},"intervals":6,"mode":"on_or_after","#
                + #""cohorts":"every"}"#)
        #expect(
            try body {
                $0.end = "purchase"
                $0.depth = 3
                $0.keepsRepeats = true
            } == #"{"end":{"event":"purchase"},"depth":3,"collapse":false}"#)
        #expect(throws: ClientError.self) { try body { $0.start = "{" } }
    }

    @Test("Flags change the members of a whole query, and filters add to its filters")
    func base() throws {
        let base = #"{"site":"a","limit":3,"where":[{"dim":"x","values":["y"]}],"new":1}"#
        #expect(try body(base: base, site: "env") == base)
        #expect(
            try body(base: base, site: "b") {
                $0.site = "b"
                $0.limit = 4
                $0.filters = ["z exists"]
            }
                == #"{"site":"b","limit":4,"where":[{"dim":"x","values":["y"]},{"dim":"z","op":"exists"}],"new":1}"#)
    }

    @Test("Flags that contradict each other or are no lists are usage errors")
    func refused() {
        let changes: [(inout QueryOptions) -> Void] = [
            {
                $0.last = "1h"
                $0.range = "today"
            },
            {
                $0.last = "1h"
                $0.from = "1"
            },
            { $0.by = "" }, { $0.by = "a,,b" }, { $0.metrics = "," }, { $0.steps = "[1" }, { $0.filters = ["x"] },
        ]
        for change in changes {
            #expect(throws: ClientError.self) { try body(change) }
        }
        #expect(throws: ClientError.self) { try body(base: "[]") }
    }
}
