import LoadgenCore
import Testing

@Suite("How real the stream is")
struct RealismTests {
    private static let events: [ReadEvent] =
        (try? streamEvents(GeneratorOptions(events: 60_000, visitors: 8000, days: 7, seed: 7))) ?? []

    private func share(_ matches: (ReadEvent) -> Bool) -> Double {
        Double(Self.events.count(where: matches)) / Double(Self.events.count)
    }

    private func counts(_ key: (ReadEvent) -> String?) -> [Int] {
        Self.events.reduce(into: [String: Int]()) { counts, event in
            if let key = key(event) { counts[key, default: 0] += 1 }
        }.values.sorted(by: >)
    }

    @Test(
        "The mix of events is that of a shop",
        arguments: [
            ("page_view", 0.52...0.62), ("view_item", 0.19...0.25), ("add_to_cart", 0.07...0.11),
            ("begin_checkout", 0.03...0.05), ("purchase", 0.018...0.032), ("search", 0.02...0.05),
            ("signup", 0.0003...0.01), ("refund", 0.0001...0.003),
        ])
    func mix(name: String, bounds: ClosedRange<Double>) {
        let share = share { $0.event == name }
        #expect(bounds.contains(share), "\(name) is \(share)")
    }

    @Test("Products follow Zipf's law: a strong head and a long tail")
    func zipfHead() throws {
        let counts = counts { $0.event == "view_item" ? $0.props["product"]?.text : nil }
        let total = Double(counts.reduce(0, +))
        let first = try #require(counts.first)
        // 4000 ranks: the first has 1/H(4000), 11.3 percent, the second half of that.
        #expect((0.09...0.14).contains(Double(first) / total))
        #expect((1.6...2.5).contains(Double(first) / Double(counts[1])))
        #expect(counts.count > 1500)
    }

    @Test("Visitors come back, a few of them often")
    func visitors() throws {
        let counts = counts { $0.visitor }
        #expect(counts.count > 2000 && counts.count <= 8000)
        let tenth = counts.prefix(counts.count / 10).reduce(0, +)
        #expect((0.25...0.75).contains(Double(tenth) / Double(Self.events.count)))
        let days = Self.events.reduce(into: [String: Set<Substring>]()) {
            $0[$1.visitor, default: []].insert($1.time.prefix(10))
        }
        #expect(days.values.count { $0.count > 1 } > days.count / 10)
    }

    @Test("A visitor keeps country, language, screen, browser and variant")
    func traits() {
        var traits: [String: Set<[String]>] = [:]
        for event in Self.events {
            traits[event.visitor, default: []].insert([
                event.country, event.language, event.screen, event.user_agent, event.props["ab_variant"]?.text ?? "",
            ])
        }
        #expect(traits.values.allSatisfy { $0.count == 1 })
    }

    @Test("Nobody buys without having gone to the checkout, nor gets money back without having paid")
    func funnelOrder() {
        var checkedOut: Set<String> = []
        var paid: Set<String> = []
        for event in Self.events {
            switch event.event {
            case "begin_checkout": checkedOut.insert(event.visitor)
            case "purchase":
                #expect(checkedOut.contains(event.visitor))
                paid.insert(event.visitor)
            case "refund": #expect(paid.contains(event.visitor))
            default: break
            }
        }
        #expect(!paid.isEmpty)
    }

    @Test("Evenings are busier than nights")
    func dailyRhythm() {
        let evening = share { ["18", "19", "20"].contains($0.time.dropFirst(11).prefix(2)) }
        let night = share { ["02", "03", "04"].contains($0.time.dropFirst(11).prefix(2)) }
        #expect(evening > 3 * night)
        #expect(night > 0)
    }

    @Test("Only landings have a campaign or a referrer, and many do")
    func landings() {
        let campaigns = share { $0.url.contains("utm_source=") }
        let referrers = share { $0.referrer != nil }
        #expect((0.01...0.1).contains(campaigns))
        #expect((0.03...0.15).contains(referrers))
        #expect(Self.events.allSatisfy { $0.event == "page_view" || ($0.referrer == nil && !$0.url.contains("utm_")) })
    }

    @Test("Plans belong to visitors with an account")
    func plans() {
        let withPlan = share { $0.props["plan"] != nil }
        #expect((0.15...0.6).contains(withPlan))
        let plans = Set(Self.events.compactMap { $0.props["plan"]?.text })
        #expect(plans == ["free", "plus", "business"])
    }
}
