import Access
import Events
import Storage
import Testing

@Suite("Rate limits")
struct LimitTests {
    @Test("A key makes a second's worth of requests at once, and then as many as come back")
    func requests() throws {
        var policy = AccessPolicy()
        policy.keyLimits = RateLimits(requestsPerSecond: 5)
        let guarded = try Guard(policy)
        let key = try guarded.make(.write, "shop")
        let own = try guarded.make(.write, "shop", limits: RateLimits(requestsPerSecond: 2))
        for _ in 0..<5 { #expect(guarded.ask(.write, key: key).refusal == nil) }
        #expect(guarded.ask(.write, key: key).refusal == .limited(retryAfterSeconds: 1))
        guarded.clock.advance(199)
        #expect(guarded.ask(.write, key: key).refusal != nil)
        guarded.clock.advance(1)
        #expect(guarded.ask(.write, key: key).refusal == nil)
        #expect(guarded.ask(.write, key: key).refusal != nil)
        for _ in 0..<2 { #expect(guarded.ask(.write, key: own).refusal == nil) }
        #expect(guarded.ask(.write, key: own).refusal != nil)
        // Another key's change gives nobody anything back.
        _ = try guarded.make(.read, "shop")
        #expect(guarded.ask(.write, key: key).refusal != nil)
        guarded.clock.advance(60_000)
        for _ in 0..<5 { #expect(guarded.ask(.write, key: key).refusal == nil) }
        #expect(guarded.ask(.write, key: key).refusal != nil, "no more than a second's worth is saved up")
    }

    @Test("Events are taken as they come, and who has overdrawn waits as long as that takes")
    func events() throws {
        var policy = AccessPolicy()
        policy.sites["shop"] = AccessPolicy.Site(keyLimits: RateLimits(eventsPerSecond: 100))
        let guarded = try Guard(policy)
        let key = try guarded.make(.write, "shop")
        let grant = try #require(guarded.ask(.write, key: key).grant)
        guarded.control.charge(grant, events: 1000)
        #expect(guarded.ask(.write, key: key).refusal == .limited(retryAfterSeconds: 10))
        guarded.clock.advance(8_000)
        #expect(guarded.ask(.write, key: key).refusal == .limited(retryAfterSeconds: 2))
        guarded.clock.advance(1_000)
        #expect(guarded.ask(.write, key: key).refusal == .limited(retryAfterSeconds: 1))
        guarded.clock.advance(1)
        #expect(guarded.ask(.write, key: key).refusal == nil)
        guarded.control.charge(grant, events: .max)
        #expect(guarded.ask(.write, key: key).refusal != nil)
    }

    @Test("An address is limited before its key is looked at, IPv6 by its network")
    func addresses() throws {
        var policy = AccessPolicy()
        policy.addressLimits = RateLimits(requestsPerSecond: 2)
        let guarded = try Guard(policy)
        _ = try guarded.make(.admin, nil)
        for _ in 0..<2 { #expect(guarded.ask(.read, key: "guess", from: "192.0.2.9").refusal == .unauthorized) }
        #expect(guarded.ask(.read, key: "guess", from: "192.0.2.9").refusal == .limited(retryAfterSeconds: 1))
        #expect(guarded.ask(.read, from: "::ffff:192.0.2.9").refusal == .limited(retryAfterSeconds: 1))
        #expect(guarded.ask(.read, from: "192.0.2.10").refusal == .unauthorized)
        for last in 1...2 { #expect(guarded.ask(.read, from: "2001:db8::\(last)").refusal == .unauthorized) }
        #expect(guarded.ask(.read, from: "2001:db8::ffff:3").refusal == .limited(retryAfterSeconds: 1))
        #expect(guarded.ask(.read, from: "2001:db8:0:1::3").refusal == .unauthorized)
    }

    @Test("A spray of addresses takes no memory, is counted, and gives nobody more than their share")
    func spray() throws {
        var policy = AccessPolicy()
        policy.addressLimits = RateLimits(requestsPerSecond: 1)
        let guarded = try Guard(policy)
        let control = guarded.control
        let victim = "198.51.100.7"
        #expect(guarded.ask(.write, from: victim).refusal == nil)
        #expect(guarded.ask(.write, from: victim).refusal != nil)
        var admitted = 0
        for number in 0..<1_000_000 {
            let text = "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
            let client = try #require(ClientAddress(text))
            if case .admitted = control.admit(AccessRequest(scope: .write, client: client)) { admitted += 1 }
        }
        // As many as the table has places are told apart; who takes over a place takes over what was used of it.
        #expect(admitted <= 65_536)
        #expect(admitted > 50_000)
        #expect(control.statistics.displacedAddresses > 900_000)
        #expect(guarded.ask(.write, from: victim).refusal != nil, "being pushed out has given nothing back")
        guarded.clock.advance(1_000)
        #expect(guarded.ask(.write, from: victim).refusal == nil)
    }

    @Test("Datagrams need the write key of their events, and count against its limit")
    func datagrams() throws {
        let guarded = try Guard()
        let write = try guarded.make(.write, "shop", limits: RateLimits(eventsPerSecond: 2))
        let admin = try guarded.make(.admin, "shop")
        let rule = try #require(guarded.control.datagramRule())
        func verdict(_ site: String, _ isNamed: Bool, _ key: String?) -> SiteVerdict {
            withBytes(site) { site in
                guard let key else { return rule.verdict(site: site, isNamed: isNamed, key: nil) }
                return withBytes(key) { rule.verdict(site: site, isNamed: isNamed, key: $0) }
            }
        }
        #expect(verdict("default", false, nil) == .admitted, "a site without keys")
        #expect(verdict("shop", true, nil) == .unauthorized)
        #expect(verdict("shop", true, "guess") == .unauthorized)
        #expect(verdict("shop", true, admin) == .unauthorized, "too good for a datagram")
        #expect(verdict("other", true, write) == .unauthorized)
        #expect(verdict("default", false, write) == .admittedTo("shop"))
        #expect(verdict("shop", true, write) == .admitted)
        #expect(verdict("shop", true, write) == .limited)
        guarded.clock.advance(500)
        #expect(verdict("shop", true, write) == .admitted)
    }
}
