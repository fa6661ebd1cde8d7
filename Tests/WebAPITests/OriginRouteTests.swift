import Access
import Foundation
import NIOCore
import Storage
import TestSupport
import Testing
import WebAPI

@Suite("Origins and limits over HTTP", .serialized)
struct OriginRouteTests {
    private static let good = ("Origin", "https://shop.example")
    private static let bad = ("Origin", "https://evil.example")

    @Test("Events of a page are taken from allowed origins only, and only those are echoed")
    func origins() async throws {
        let origins = try OriginList(["https://shop.example"])
        try await KeyedServer.with(
            "origins", configure: { $0.access.sites["shop"] = AccessPolicy.Site(origins: origins) }
        ) { keyed in
            let key = keyed.keys["shop.write"]
            func send(_ origin: (String, String)?, _ target: String = "/v1/events") async throws -> HTTPResponse {
                try await keyed.request(
                    "POST", target, key: key, headers: origin.map { [$0] } ?? [], body: #"{"event":"a"}"#)
            }
            let taken = try await send(Self.good)
            #expect(taken.status == 200)
            #expect(taken.headers["access-control-allow-origin"] == "https://shop.example")
            #expect(taken.headers["vary"] == "Origin")
            #expect(taken.headers["access-control-allow-credentials"] == nil)
            for target in ["/v1/events", "/v1/events?site=shop"] {
                for origin in [
                    Self.bad, ("Origin", "null"), ("Origin", "https://shop.example.evil.example"),
                    ("Origin", "https://shop.example:444"), ("Origin", "HTTPS://shop.example"),
                ] {
                    let refused = try await send(origin, target)
                    #expect(refused.status == 403, "\(origin)")
                    #expect(try refused.json()["code"]?.text == "forbidden_origin")
                    #expect(refused.headers["access-control-allow-origin"] == nil, "\(origin)")
                    #expect(refused.headers["vary"] == "Origin")
                    #expect(!refused.text.contains(origin.1))
                }
            }
            #expect(try await send(nil).status == 200)
            let pixel = try await keyed.server.request(
                "GET", "/v1/pixel.gif?event=a&key=\(key ?? "")", headers: [Self.bad])
            #expect(pixel.status == 200)
            #expect(try await keyed.count("shop") == 2)
            let other = try await keyed.request(
                "POST", "/v1/events", key: keyed.keys["other.write"], headers: [Self.good], body: #"{"event":"a"}"#)
            #expect(other.status == 403, "a site with keys and no list has no pages")
        }
    }

    @Test("A preflight is answered without a key, for allowed origins only, and may be kept")
    func preflight() async throws {
        let origins = try OriginList(["https://shop.example"])
        try await KeyedServer.with(
            "preflight-keys", configure: { $0.access.sites["shop"] = AccessPolicy.Site(origins: origins) }
        ) { keyed in
            for target in ["/v1/events", "/v1/events?site=shop"] {
                let good = try await keyed.server.request("OPTIONS", target, headers: [Self.good])
                #expect(good.status == 204)
                #expect(good.headers["access-control-allow-origin"] == "https://shop.example")
                #expect(good.headers["access-control-allow-methods"]?.contains("POST") == true)
                #expect(good.headers["access-control-allow-headers"]?.contains("authorization") == true)
                #expect(good.headers["access-control-max-age"] == "86400")
                #expect(good.headers["access-control-allow-credentials"] == nil)
                #expect(good.headers["vary"] == "Origin")
                let bad = try await keyed.server.request("OPTIONS", target, headers: [Self.bad])
                #expect(bad.headers["access-control-allow-origin"] == nil)
                #expect(bad.headers["access-control-allow-methods"] == nil)
            }
            let other = try await keyed.server.request("OPTIONS", "/v1/events?site=other", headers: [Self.good])
            #expect(other.headers["access-control-allow-origin"] == nil)
            for target in ["/v1/query/top", "/v1/admin/keys", "/v1/sites/shop"] {
                let answer = try await keyed.server.request("OPTIONS", target, headers: [Self.good])
                #expect(answer.headers["access-control-allow-origin"] == nil, "\(target)")
            }
        }
    }

    @Test("Limits are answered 429 with when to come back, by key and by address, seen through trusted proxies")
    func limits() async throws {
        let clock = ManualMonotonicClock(1_000_000)
        let proxy = try #require(AddressRange("127.0.0.1"))
        try await RunningServer.with(
            "limits",
            configure: {
                $0.accessClock = clock
                $0.access.addressLimits = RateLimits(requestsPerSecond: 3, eventsPerSecond: 10)
                $0.access.proxies = ProxyTrust(ranges: [proxy])
            }
        ) { server in
            func send(_ client: String, events: Int = 1) async throws -> HTTPResponse {
                let body = Array(repeating: #"{"event":"a"}"#, count: events).joined(separator: "\n")
                return try await server.request(
                    "POST", "/v1/events", headers: [("X-Forwarded-For", "1.1.1.1, \(client)")], body: body)
            }
            for _ in 0..<3 { #expect(try await send("192.0.2.1").status == 200) }
            let refused = try await send("192.0.2.1")
            #expect(refused.status == 429)
            #expect(refused.headers["retry-after"] == "1")
            #expect(try refused.json()["code"]?.text == "rate_limited")
            #expect(try await send("192.0.2.2", events: 100).status == 200)
            let later = try await send("192.0.2.2")
            #expect(later.status == 429 && later.headers["retry-after"] == "10")
            clock.advance(1_000)
            #expect(try await send("192.0.2.1").status == 200)
            let metrics = Metrics(try await server.request("GET", "/metrics").text)
            #expect(metrics.sum("weir_access_refused_total", ["reason": "address_limit"]) == 2)
            // The address goes into the derived visitor, and is the client's own, not the proxy's.
            let visitors = try await server.request("GET", "/v1/query/aggregate?metrics=visitors").json()
            #expect(visitors["metrics"]?["visitors"]?.int == 2)
        }
    }
}
