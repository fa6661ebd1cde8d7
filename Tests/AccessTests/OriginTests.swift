import Access
import Events
import Storage
import Testing

@Suite("Origins")
struct OriginTests {
    private func policy() throws -> AccessPolicy {
        var policy = AccessPolicy()
        policy.sites["shop"] = AccessPolicy.Site(
            origins: try OriginList(["https://shop.example", "http://localhost:3000", "HTTPS://Big.Example:443"]))
        policy.sites["any"] = AccessPolicy.Site(origins: .any)
        return policy
    }

    @Test("Only an origin of the list may send events")
    func list() throws {
        let guarded = try Guard(try policy())
        for origin in ["https://shop.example", "http://localhost:3000", "https://big.example"] {
            #expect(guarded.ask(.write, site: "shop", origin: origin).refusal == nil, "\(origin)")
        }
        for origin in [
            "null", "", "*", "http://shop.example", "https://shop.example:8443", "https://shop.example:443",
            "https://shop.example.evil.example", "https://evilshop.example", "https://shop.exampl",
            "https://shop.example/",
            "https://sub.shop.example", "HTTPS://SHOP.EXAMPLE", "https://shop.example\0", " https://shop.example",
            "https://shop.example https://evil.example", "http://localhost:30001", "http://localhost",
        ] {
            #expect(guarded.ask(.write, site: "shop", origin: origin).refusal == .forbiddenOrigin, "\(origin)")
            #expect(answer(guarded, origin, "shop") == .none, "\(origin)")
        }
        #expect(guarded.ask(.write, site: "shop").refusal == nil, "a program sends no origin")
        #expect(guarded.ask(.write, site: "any", origin: "null").refusal == nil)
        #expect(answer(guarded, "https://shop.example", "shop") == .echo)
        #expect(answer(guarded, nil, "shop") == .none)
    }

    @Test("Without lists every origin may, until the site has a key: then none may")
    func keys() throws {
        let guarded = try Guard()
        #expect(guarded.ask(.write, site: "shop", origin: "https://x.example").refusal == nil)
        #expect(answer(guarded, "https://x.example", "shop") == .any)
        let key = try guarded.make(.write, "shop")
        #expect(guarded.ask(.write, key: key, site: "shop", origin: "https://x.example").refusal == .forbiddenOrigin)
        #expect(guarded.ask(.write, key: key, site: "shop").refusal == nil)
        #expect(guarded.ask(.write, site: "free", origin: "https://x.example").refusal == nil)
    }

    @Test("Where the events say the site, each is judged by its own")
    func events() throws {
        let guarded = try Guard(try policy())
        let rule = try #require(guarded.ask(.write, origin: "https://x.example").grant?.rule)
        func verdict(_ site: String) -> SiteVerdict {
            withBytes(site) { rule.verdict(site: $0, isNamed: true, key: nil) }
        }
        #expect(verdict("default") == .admitted)
        #expect(verdict("any") == .admitted)
        #expect(verdict("shop") == .forbiddenOrigin)
        _ = try guarded.make(.write, "default")
        let later = try #require(guarded.ask(.write).grant?.rule)
        #expect(withBytes("default") { later.verdict(site: $0, isNamed: false, key: nil) } == .unauthorized)
        #expect(withBytes("any") { later.verdict(site: $0, isNamed: true, key: nil) } == .admitted)
    }

    @Test("Before the request is known, an origin is answered that some site allows")
    func preflight() throws {
        var policy = try policy()
        policy.sites["any"] = nil
        policy.origins = try OriginList([])
        let guarded = try Guard(policy)
        #expect(answer(guarded, "https://shop.example", nil) == .echo)
        #expect(answer(guarded, "https://x.example", nil) == .none)
        #expect(guarded.ask(.write, origin: "https://x.example").refusal == .forbiddenOrigin)
        #expect(guarded.control.variesByOrigin)
    }

    @Test(
        "What is no origin cannot be configured",
        arguments: [
            "shop.example", "https://", "https://a/b", "ftp://a", "null", "https://a?b", "https://a:", "https://*.a",
            "",
        ])
    func mistakes(text: String) {
        #expect(throws: OriginList.ParseError.self) { try OriginList([text]) }
    }

    private func answer(_ guarded: Guard, _ origin: String?, _ site: String?) -> OriginAnswer {
        func lend<R>(_ text: String?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
            guard let text else { return body(nil) }
            return withBytes(text) { body($0) }
        }
        return lend(origin) { origin in lend(site) { guarded.control.originAnswer(origin, site: $0) } }
    }
}
