import Enrichment
import Events
import Testing

@Suite("Derived columns")
struct ColumnTests {
    private static let firefox = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
    private static let robot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

    private func event(_ members: String) -> String { #"{"event":"page_view","visitor":"v","# + members + "}" }

    @Test("Every row gets its own agent's dimensions, and rows without an agent none")
    func agents() throws {
        let harness = try EnrichmentHarness()
        let agents: [String?] = [Self.firefox, nil, Self.robot, Self.firefox, "", "hello", nil]
        let events = agents.map { event($0.map { #""user_agent":"\#($0)""# } ?? #""title":"t""#) }
        for _ in 0..<2 {
            let rows = try harness.rows(events)
            #expect(rows.map { $0["browser"] } == ["Firefox", nil, "Googlebot", "Firefox", nil, "Other", nil])
            #expect(rows.map { $0["os"] } == ["Ubuntu", nil, "Other", "Ubuntu", nil, "Other", nil])
            #expect(rows.map { $0["device"] } == ["desktop", nil, "bot", "desktop", nil, "other", nil])
            #expect(rows.map { $0["bot"] } == ["false", nil, "true", "false", nil, "false", nil])
        }
        let figures = harness.enrichment.figures
        #expect(figures.agentReads == 3 && figures.agentHits == 3 && figures.agentsKept == 3)
    }

    @Test("Without patterns nothing is derived of agents, and all else is")
    func noPatterns() throws {
        for path in [nil, "/nowhere/regexes.yaml"] {
            let harness = try EnrichmentHarness { $0.userAgentPatterns = path }
            let row = try harness.rows([event(#""user_agent":"\#(Self.firefox)","url":"https://a.de/""#)])[0]
            #expect(row["browser"] == nil && row["bot"] == nil && row["source"] == "Direct")
            #expect(row["user_agent"] == Self.firefox)
        }
    }

    @Test("A flood of new agents is read up to the limit; known ones, and imports, are not held up")
    func flood() throws {
        let harness = try EnrichmentHarness {
            $0.limits.readsAtOnce = 5
            $0.limits.readsPerSecond = 0
            $0.limits.agents = 10
        }
        let known = event(#""user_agent":"\#(Self.firefox)""#)
        #expect(try harness.rows([known])[0]["browser"] == "Firefox")
        let many = (0..<30).map { event(#""user_agent":"random \#($0)""#) }
        let rows = try harness.rows(many)
        #expect(rows.count { $0["browser"] == "Other" } == 4 && rows.count { $0["browser"] == nil } == 26)
        #expect(rows.allSatisfy { $0["user_agent"] != nil })
        #expect(try harness.rows([known])[0]["browser"] == "Firefox")
        #expect(harness.enrichment.figures.agentsSkipped == 26)
        let imported = try harness.rows(many, isImport: true)
        #expect(imported.allSatisfy { $0["browser"] == "Other" })
        #expect(harness.enrichment.figures.agentsKept <= 20)
    }

    @Test("The source is the campaign's, else the referrer's, else that there is none")
    func sources() throws {
        let harness = try EnrichmentHarness { $0.userAgentPatterns = nil }
        let cases: [(String, String?)] = [
            (#""url":"https://shop.de/","referrer":"https://www.google.de/search?q=a""#, "Google"),
            (#""url":"https://shop.de/","referrer":"https://blog.example.org/a""#, "blog.example.org"),
            (#""url":"https://shop.de/","referrer":"https://www.example.org""#, "example.org"),
            (#""url":"https://shop.de/""#, "Direct"), (#""url":"https://shop.de/","referrer":"""#, "Direct"),
            (#""url":"/p""#, "Direct"), (#""url":"https://shop.de/","referrer":"https://shop.de/a""#, nil),
            (#""url":"https://www.shop.de/","referrer":"https://shop.de/a""#, nil),
            (#""url":"https://shop.de/","referrer":"https://www.shop.de/a""#, nil),
            (#""url":"https://shop.de/","referrer":"https://blog.shop.de/a""#, "blog.shop.de"),
            (#""url":"https://shop.de/","referrer":"nonsense""#, nil),
            (#""url":"https://shop.de/?utm_source=news","referrer":"https://www.google.de/""#, "news"),
            (#""url":"https://shop.de/?utm_source=fb","referrer":"https://shop.de/""#, "Facebook"),
            (#""referrer":"https://t.co/x""#, "Twitter"), (#""title":"t""#, nil),
            (#""url":"https://shop.de/","referrer":"android-app://com.google.android.gm/""#, "Gmail"),
        ]
        let rows = try harness.rows(cases.map { event($0.0) })
        for (row, (members, source)) in zip(rows, cases) { #expect(row["source"] == source, "\(members)") }
        // In any order, and each alone.
        let reversed = try harness.rows(cases.reversed().map { event($0.0) })
        #expect(reversed.map { $0["source"] } == cases.reversed().map(\.1))
        for (members, source) in cases { #expect(try harness.rows([event(members)])[0]["source"] == source) }
    }

    @Test("Languages and screens have one spelling, and spellings that meet are one value")
    func texts() throws {
        let harness = try EnrichmentHarness { $0.userAgentPatterns = nil }
        let rows = try harness.rows([
            event(#""language":"de_DE","screen":"1x2""#), event(#""title":"t""#),
            event(#""language":"DE-de","screen":"1 X 2""#), event(#""language":"de-DE""#), event(#""language":"?""#),
        ])
        #expect(rows.map { $0["language"] } == ["de-DE", nil, "de-DE", "de-DE", "?"])
        #expect(rows.map { $0["screen"] } == ["1x2", nil, "1x2", nil, nil])
    }

    @Test("What a request says goes to the events that do not say it themselves")
    func languageOfRequest() throws {
        let harness = try EnrichmentHarness { $0.userAgentPatterns = nil }
        let (accepted, browser) = (Array("de-at;q=0.9".utf8), Array(Self.firefox.utf8))
        #expect(harness.enrichment.language(accepted: accepted, userAgent: browser) == Array("de-AT".utf8))
        #expect(harness.enrichment.language(accepted: accepted, userAgent: Array("curl/8".utf8)) == nil)
        #expect(harness.enrichment.language(accepted: [], userAgent: browser) == nil)
        #expect(harness.enrichment.country(named: Array("de".utf8), address: "") == Array("DE".utf8))
        for unknown in ["XX", "T1", "", "DEU", "1!"] {
            #expect(harness.enrichment.country(named: Array(unknown.utf8), address: "192.0.2.1") == nil)
        }
    }
}
