import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The expected numbers were computed from the file by a separate program (plain loops in Python), before the
    /// engine was asked.
    @Suite("Retention, paths and sessions of the shop over HTTP", .timeLimit(.minutes(3)))
    struct VisitTests {
        /// Asks at once, sealed and after a crash.
        private func expect(
            _ server: TestServer, _ questions: [(kind: String, query: JSON, wanted: JSON)],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            for moment in ["at once", "sealed", "after a crash"] {
                for question in questions {
                    let answer = try server.client.query(question.kind, question.query, site: "shop")
                    let differences = JSONDifference.describe(expected: question.wanted, actual: answer)
                    #expect(differences == [], "\(question.kind) \(moment)", sourceLocation: sourceLocation)
                }
                switch moment {
                case "at once": try server.client.flush()
                default: try server.killAndRestart()
                }
            }
        }

        private func cohort(_ day: String, _ size: Int, _ returned: [Int]) -> JSON {
            [
                "cohort": .string(day), "size": .integer(Int64(size)), "complete": .integer(Int64(returned.count)),
                "returned": .array(returned.map { .integer(Int64($0)) }),
            ]
        }

        private func node(
            _ id: Int, _ step: Int, _ key: String?, _ count: Int, _ ends: Int, others: Int? = nil
        ) -> JSON {
            var node: JSON = [
                "id": .integer(Int64(id)), "step": .integer(Int64(step)), "count": .integer(Int64(count)),
                "key": key.map { .string($0) } ?? .null, "drop_off": .integer(Int64(ends)),
            ]
            if let others {
                node["other"] = .bool(true)
                node["values"] = .integer(Int64(others))
            }
            return node
        }

        private func links(_ links: [(Int, Int, Int)]) -> JSON {
            .array(
                links.map { source, target, count in
                    [
                        "source": .integer(Int64(source)), "target": .integer(Int64(target)),
                        "count": .integer(Int64(count)),
                    ]
                })
        }

        @Test("Months and weeks of retention, and paths by event")
        func shop() throws {
            let server = try TestServer()
            try server.client.send(try Ecom.events().map(\.description), site: "shop")
            let months: JSON = [
                "rows": [
                    cohort("2024-01-01", 41, [7, 4, 7, 7]), cohort("2024-02-01", 93, [15, 14, 18, 13]),
                    cohort("2024-03-01", 154, [15, 24, 25, 42]), cohort("2024-04-01", 174, [29, 27, 43, 0]),
                    cohort("2024-05-01", 104, [17, 25, 0, 0]), cohort("2024-06-01", 20, [4, 0, 0, 0]),
                ]
            ]
            let weeks: JSON = [
                "rows": [
                    cohort("2024-01-01", 2, [2, 2, 2]), cohort("2024-01-08", 6, [4, 4, 4]),
                    cohort("2024-01-15", 13, [12, 12, 12]), cohort("2024-01-22", 32, [28, 26, 26]),
                    cohort("2024-01-29", 32, [28, 28, 27]), cohort("2024-02-05", 33, [29, 28, 27]),
                    cohort("2024-02-12", 47, [39, 38, 38]), cohort("2024-02-19", 59, [53, 51, 51]),
                    cohort("2024-02-26", 58, [46, 45, 45]), cohort("2024-03-04", 70, [64, 59, 58]),
                    cohort("2024-03-11", 78, [67, 66, 66]), cohort("2024-03-18", 95, [79, 73, 72]),
                    cohort("2024-03-25", 113, [97, 90, 83]), cohort("2024-04-01", 131, [111, 98, 97]),
                    cohort("2024-04-08", 118, [102, 94, 91]), cohort("2024-04-15", 140, [118, 104, 97]),
                    cohort("2024-04-22", 163, [133, 114, 110]), cohort("2024-04-29", 166, [133, 114, 112]),
                    cohort("2024-05-06", 175, [139, 115, 106]), cohort("2024-05-13", 156, [121, 93, 81]),
                    cohort("2024-05-20", 157, [101, 70, 58]), cohort("2024-05-27", 160, [107, 66, 53]),
                    cohort("2024-06-03", 125, [76, 41, 29]), cohort("2024-06-10", 172, [89, 41, 22]),
                    cohort("2024-06-17", 158, [80, 27, 0]), cohort("2024-06-24", 136, [61, 0, 0]),
                ]
            ]
            let paths: JSON = [
                "paths": 2868,
                "nodes": [
                    node(0, 0, "product_view", 2868, 278), node(1, 1, "catalog", 780, 94),
                    node(2, 1, "search", 475, 57), node(3, 1, nil, 1335, 123, others: 16),
                    node(4, 2, "product_view", 562, 87), node(5, 2, "catalog", 411, 45),
                    node(6, 2, nil, 1343, 158, others: 17),
                ],
                "links": links([
                    (0, 3, 1335), (0, 1, 780), (0, 2, 475), (1, 6, 444), (1, 4, 242), (2, 6, 184), (2, 5, 122),
                    (2, 4, 112), (3, 6, 715), (3, 5, 289), (3, 4, 208),
                ]),
            ]
            try expect(
                server,
                [
                    (
                        "retention",
                        [
                            "start": ["event": "home"], "return": ["event": "purchase"], "interval": "month",
                            "intervals": 4, "timezone": "Europe/Berlin",
                        ], months
                    ),
                    (
                        "retention",
                        [
                            "start": ["any": [["event": "product_view"], ["event": "promo_page"]]],
                            "return": ["event": "add_to_cart"], "interval": "week", "intervals": 3,
                            "mode": "on_or_after", "cohorts": "every", "timezone": "America/New_York",
                        ], weeks
                    ),
                    ("paths", ["start": ["event": "product_view"], "by": "event", "depth": 3, "limit": 2], paths),
                ])
        }

        @Test("Sessions, with every event as a view of a page")
        func sessions() throws {
            let server = try TestServer()
            let lines = try Ecom.events().map { event in
                var view = event
                view["url"] = .string("https://shop.example/" + (event["event"]?.text ?? ""))
                view["event"] = "page_view"
                return view.description
            }
            try server.client.send(lines, site: "shop")
            let all: JSON = [
                "sessions": 3605, "visitors": 600, "bounces": 231, "bounce_rate": .number(231.0 / 3605),
                "session_duration": 1_039_554.507628294, "pageviews": 31106,
                "pages_per_session": .number(31106.0 / 3605),
                "entry_pages": [
                    "rows": [
                        entry("/home", 1146, 70), entry("/catalog", 912, 67), entry("/search", 689, 57),
                    ],
                    "other": ["sessions": 858, "bounces": 37], "distinct": 16,
                ],
                "exit_pages": [
                    "rows": [
                        ["key": "/product_view", "sessions": 752], ["key": "/catalog", "sessions": 686],
                        ["key": "/search", "sessions": 422],
                    ],
                    "other": ["sessions": 1745], "distinct": 19,
                ],
            ]
            try expect(server, [("sessions", ["limit": 3], all)])
            let buyers = try server.client.query(
                "sessions", ["where": [["dim": "path", "values": ["/purchase"]]]], site: "shop")
            #expect(buyers["sessions"]?.int == 470)
            #expect(buyers["visitors"]?.int == 328)
            #expect(abs((buyers["session_duration"]?.double ?? 0) - 1_412_308.5106382978) < 1e-6)
        }

        private func entry(_ page: String, _ sessions: Int, _ bounces: Int) -> JSON {
            [
                "key": .string(page), "sessions": .integer(Int64(sessions)), "bounces": .integer(Int64(bounces)),
                "bounce_rate": .number(Double(bounces) / Double(sessions)),
            ]
        }

        @Test("As flat parameters, and from the command line")
        func flat() throws {
            let server = try TestServer()
            try server.client.send(try Ecom.events().prefix(3000).map(\.description), site: "shop")
            let questions: [(kind: String, parameters: String, query: JSON, arguments: [String])] = [
                (
                    "retention", "start=home&return=purchase&interval=week&intervals=3&mode=on_or_after&cohorts=every",
                    [
                        "start": "home", "return": "purchase", "interval": "week", "intervals": 3,
                        "mode": "on_or_after", "cohorts": "every",
                    ],
                    [
                        "--start", "home", "--return", "purchase", "--interval", "week", "--intervals", "3", "--mode",
                        "on_or_after", "--cohorts", "every",
                    ]
                ),
                (
                    "paths", "end=purchase&by=event&depth=3&limit=2&count=visitors&collapse=false",
                    [
                        "end": ["event": "purchase"], "by": "event", "depth": 3, "limit": 2, "count": "visitors",
                        "collapse": false,
                    ],
                    [
                        "--end", #"{"event":"purchase"}"#, "--by", "event", "--depth", "3", "--limit", "2", "--count",
                        "visitors", "--keep-repeats",
                    ]
                ),
                ("sessions", "by=url&limit=2", ["by": "url", "limit": 2], ["--by", "url", "--limit", "2"]),
            ]
            for question in questions {
                let posted = try server.client.query(question.kind, question.query, site: "shop")
                let flat = try server.client.connection.request(
                    "GET", "/v1/query/\(question.kind)?site=shop&\(question.parameters)")
                #expect(flat.status == 200, "\(flat.text)")
                let run = try ChildProcess.run(
                    try Repository.program("weir"),
                    ["query", question.kind, "--url", server.process.url, "--site", "shop", "--json"]
                        + question.arguments)
                #expect(run.exitCode == 0, "\(run.errors)")
                for text in [flat.text, run.output] {
                    let answer = try JSON(parsing: text)
                    #expect(JSONDifference.describe(expected: posted, actual: answer) == [], "\(question.kind)")
                    #expect(answer["meta"]?["exact"]?.bool == true)
                }
            }
        }
    }
}
