import TestSupport
import Testing

extension EndToEnd {
    @Suite(
        "Other engines' funnel cases", .enabled(if: Repository.hasShared, "needs the data shared with this package"),
        .timeLimit(.minutes(2)))
    struct ConformanceTests {
        @Test("Every case reaches its steps in flight, sealed and after a crash, in both orders of arrival")
        func allCases() throws {
            let server = try TestServer()
            let cases = try ConformanceCase.all()
            for example in cases {
                let lines = example.events.map(\.description)
                try server.client.send(lines, site: example.name)
                try server.client.send(lines.reversed(), site: example.name + "-reversed")
            }
            try expectCounts(server, cases, "in flight")
            try server.client.flush()
            try expectCounts(server, cases, "sealed")
            try server.killAndRestart()
            try expectCounts(server, cases, "after a crash")
        }

        private func expectCounts(_ server: TestServer, _ cases: [ConformanceCase], _ moment: String) throws {
            for example in cases {
                for site in [example.name, example.name + "-reversed"] {
                    let answer = try server.client.query("funnel", example.query, site: site)
                    let counts = answer["steps"]?.array?.compactMap { $0["count"]?.int }
                    #expect(counts == example.counts, "\(site), \(moment)")
                }
            }
        }
    }
}
