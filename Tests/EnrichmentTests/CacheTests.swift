import Enrichment
import Events
import Testing

@Suite("What is remembered of agents")
struct CacheTests {
    private let hash = EventHash(seed: 1)

    private func agent(_ name: String) -> UserAgent {
        UserAgent(.init(browser: name, os: "os " + name, device: "Other", brand: "", model: ""), text: name)
    }

    private func browser(_ cache: inout AgentCache, _ key: UInt64) -> String? {
        cache.find(key).flatMap { cache.texts.text(of: Int($0.browser)) }
    }

    @Test("At most two generations are kept, and what is asked for again stays")
    func generations() {
        var cache = AgentCache(limit: 10)
        for key in 1...1000 as ClosedRange<UInt64> {
            _ = cache.insert(agent("b\(key)"), as: key, hash: hash)
            #expect(cache.count <= 20)
            #expect(browser(&cache, 1) == "b1")
            #expect(browser(&cache, key) == "b\(key)")
        }
        #expect(browser(&cache, 500) == nil)
    }

    @Test("Reads are spent and come back with time, up to the limit")
    func budget() {
        let start = ContinuousClock.now
        var budget = ReadBudget(perSecond: 10, atOnce: 3, now: start)
        // Three in one go, one after a tenth of a second, three again after an hour.
        let waits = [0, 0, 0, 0, 110, 120, 3_600_000, 3_600_000, 3_600_000, 3_600_000]
        let taken = waits.map { budget.take(now: start + .milliseconds($0)) }
        #expect(taken == [true, true, true, false, true, false, true, true, true, false])
    }
}
