import Events
import Synchronization
import Testing

/// What becomes of events that may not go where they want to.
@Suite("Where events may go")
struct AdmissionTests {
    private func harness(
        perEvent: Bool = false, _ verdict: @escaping @Sendable (String, Bool, String?) -> SiteVerdict
    ) -> Harness {
        var harness = Harness()
        harness.context.admission = EventAdmission(isPerEvent: perEvent) { site, isNamed, key in
            verdict(
                String(decoding: site, as: UTF8.self), isNamed, key.map { String(decoding: $0, as: UTF8.self) })
        }
        return harness
    }

    @Test("An event for a closed site is rejected alone, and kept with the request's own site")
    func closedSite() throws {
        let harness = harness { site, _, _ in site == "shut" ? .unauthorized : .admitted }
        let decoded = try harness.decode(
            """
            {"event":"a","visitor":"v"}
            {"event":"b","visitor":"v","site":"shut"}
            {"event":"","visitor":"v","site":"shut"}
            {"visitor":"v","site":"open"}
            """)
        #expect(decoded.accepted == 1)
        #expect(decoded.rejections.map(\.code) == [.unauthorized, .unauthorized, .missingEvent])
        // Nothing of a site that is closed to the sender changes, its dead letters neither.
        #expect(decoded.rejections.map(\.site) == ["default", "default", "open"])
    }

    @Test("Where the request's own site is closed too, nothing is kept")
    func nothingKept() throws {
        let harness = harness { _, _, _ in .unauthorized }
        let decoded = try harness.decode("{\"event\":\"a\"}\nno JSON\n[1]\n7")
        #expect(decoded.accepted == 0 && decoded.received == 4)
        #expect(decoded.rejections.allSatisfy { $0.site.isEmpty })
    }

    @Test("A site is asked about once in a row, an event with its own key each time")
    func calls() throws {
        for (perEvent, expected) in [(false, 2), (true, 4)] {
            let tally = Tally()
            let harness = harness(perEvent: perEvent) { _, _, _ in
                tally.calls.add(1, ordering: .relaxed)
                return .admitted
            }
            _ = try harness.decode(
                #"[{"event":"a"},{"event":"b"},{"event":"c","site":"x"},{"event":"d","site":"x"}]"#)
            #expect(tally.calls.load(ordering: .relaxed) == expected)
        }
    }

    private final class Tally: Sendable {
        let calls = Atomic<Int>(0)
    }

    @Test("An event's own key says its site where it names none")
    func keySite() throws {
        let harness = harness(perEvent: true) { site, isNamed, key in
            guard key == "good" else { return .unauthorized }
            return isNamed ? (site == "shop" ? .admitted : .unauthorized) : .admittedTo("shop")
        }
        let decoded = try harness.decode(
            """
            {"event":"a","key":"good"}
            {"event":"b","key":"good","site":"shop"}
            {"event":"c","key":"good","site":"other"}
            {"event":"d","key":"bad"}
            {"event":"e","key":5}
            {"event":"f","key":null}
            {"event":7,"key":"good"}
            """)
        #expect(decoded.batches.map(\.site) == ["shop"])
        #expect(decoded.accepted == 2)
        #expect(
            decoded.rejections.map(\.code) == [
                .unauthorized, .unauthorized, .unauthorized, .unauthorized, .invalidType,
            ])
        #expect(decoded.rejections.map(\.site) == ["", "", "", "", "shop"])
    }

    @Test("The secret of a key is blotted out of what is kept of an event, its id is not")
    func masking() throws {
        let key = "weir_0123456789ab_" + String(repeating: "c", count: 40)
        let harness = Harness()
        for event in [
            "{\"visitor\":\"v\",\"key\":\"\(key)\"}", "\(key)",
            "{\"event\":5,\"url\":\"https://x/?a=\(key)&b=\(key)\"}",
            "{\"key\":\"weir_weir_\(key)", String(key.dropLast(3)),
        ] {
            // Behind a line that is an event, so that a line that is none costs only itself.
            let rejection = try #require(try harness.rejection("{\"event\":\"a\"}\n" + event))
            let raw = String(decoding: rejection.raw, as: UTF8.self)
            #expect(!raw.contains("ccc"), "\(raw)")
            #expect(raw.contains("weir_0123456789ab_***"), "\(raw)")
            #expect(rejection.raw.count == event.utf8.count)
        }
    }
}
