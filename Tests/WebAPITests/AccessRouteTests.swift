import Access
import Foundation
import NIOCore
import TestSupport
import Testing
import WebAPI

@Suite("Keys on every route", .serialized)
struct AccessRouteTests {
    /// A request of a route, about the site `shop`.
    private struct Route {
        var endpoint: Endpoint
        var method: String
        var target: String
        var scope: String
        var headers: [(String, String)] = []
        var body: String?
        /// Whether only an admin of all sites may.
        var isServerWide = false
        /// Whether the site stands where it is read only after the key's scope was found to be right.
        var isLate = false
    }

    private static let routes: [Route] = [
        Route(
            endpoint: .postEvents, method: "POST", target: "/v1/events?site=shop", scope: "write",
            body: #"{"event":"a"}"#),
        Route(
            endpoint: .postEvents, method: "POST", target: "/v1/events", scope: "write",
            body: #"{"event":"a","site":"shop"}"#, isLate: true),
        Route(
            endpoint: .postEvents, method: "POST", target: "/v1/events?site=shop&backfill=true", scope: "write",
            body: #"[{"event":"a","time":5},{"event":"b","site":"shop"}]"#),
        Route(
            endpoint: .getQuery, method: "GET", target: "/v1/query/aggregate?site=shop", scope: "read"),
        Route(
            endpoint: .getQuery, method: "GET", target: "/v1/query/aggregate?q=%7B%22site%22%3A%22shop%22%7D",
            scope: "read", isLate: true),
        Route(
            endpoint: .postQuery, method: "POST", target: "/v1/query/top", scope: "read",
            body: #"{"site":"shop","by":"path"}"#, isLate: true),
        Route(
            endpoint: .postQuery, method: "POST", target: "/v1/query/funnel/visitors", scope: "read",
            body: #"{"site":"shop","steps":["a"],"step":1}"#, isLate: true),
        Route(endpoint: .live, method: "HEAD", target: "/v1/live/aggregate?site=shop", scope: "read"),
        Route(endpoint: .deadLetters, method: "GET", target: "/v1/dead-letters?site=shop", scope: "read"),
        Route(
            endpoint: .replayDeadLetters, method: "POST", target: "/v1/dead-letters/replay", scope: "admin",
            headers: [KeyedServer.json], body: #"{"site":"shop"}"#, isLate: true),
        Route(endpoint: .getSchema, method: "GET", target: "/v1/sites/shop/schema", scope: "read"),
        Route(
            endpoint: .putSchema, method: "PUT", target: "/v1/sites/shop/schema", scope: "admin",
            headers: [KeyedServer.json], body: #"{"events":{}}"#),
        Route(endpoint: .eraseVisitor, method: "DELETE", target: "/v1/visitors/v?site=shop", scope: "admin"),
        Route(endpoint: .confirmRetention, method: "POST", target: "/v1/admin/retention?site=shop", scope: "admin"),
        Route(endpoint: .deleteSite, method: "DELETE", target: "/v1/sites/shop", scope: "admin"),
        Route(endpoint: .flush, method: "POST", target: "/v1/admin/flush", scope: "admin", isServerWide: true),
        Route(
            endpoint: .backup, method: "POST", target: "/v1/admin/backup", scope: "admin", headers: [KeyedServer.json],
            body: #"{"to":"relative"}"#, isServerWide: true),
    ]

    /// Routes that anybody may ask, or whose keys another test is about.
    private static let others: Set<Endpoint> = [
        .health, .readiness, .openAPI, .page, .beacon, .asset, .pixel, .metrics, .listKeys,
        .createKey,
        .revokeKey,
    ]

    @Test("Missing, wrong, revoked and another site's key are the same 401 everywhere; the wrong scope is 403")
    func everyRoute() async throws {
        #expect(Set(Self.routes.map(\.endpoint)).union(Self.others) == Set(Endpoint.allCases))
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var random = SeededGenerator(seed: seed)
        let order = Self.routes.shuffled(using: &random)
        try await KeyedServer.with("routes") { keyed in
            let valid = try #require(keyed.keys["shop.admin"])
            let wrong = String(valid.dropLast()) + (valid.last == "0" ? "1" : "0")
            var bodies: Set<[UInt8]> = []
            for route in order {
                var useless = [nil, "", "x", wrong, keyed.keys["revoked"]]
                // Of the other site's keys, those that would do for a route of their own site's.
                let scopes =
                    route.isServerWide ? [] : route.isLate ? [route.scope, "admin"] : ["write", "read", "admin"]
                useless += scopes.map { keyed.keys["other.\($0)"] }
                for key in useless {
                    let answer = try await keyed.request(
                        route.method, route.target, key: key, headers: route.headers, body: route.body)
                    #expect(
                        answer.status == 401,
                        "seed \(seed) \(route.method) \(route.target) \(key ?? "-"): \(answer.text)")
                    #expect(answer.headers["www-authenticate"] == #"Bearer realm="weir""#)
                    #expect(answer.headers["x-content-type-options"] == "nosniff")
                    if route.method != "HEAD" { bodies.insert(answer.body) }
                }
                for (name, key) in keyed.keys.sorted(by: { $0.key < $1.key }) where name.contains(".") {
                    let scope = String(name.split(separator: ".")[1])
                    let isGood = scope == "admin" || scope == route.scope
                    let isWrong =
                        route.isServerWide || !isGood && (name.hasPrefix("shop.") || route.isLate)
                    guard isWrong else { continue }
                    let answer = try await keyed.request(
                        route.method, route.target, key: key, headers: route.headers, body: route.body)
                    #expect(
                        answer.status == 403, "seed \(seed) \(route.method) \(route.target) \(name): \(answer.text)")
                }
            }
            #expect(bodies.count == 1, "they differ: \(bodies.map { String(decoding: $0, as: UTF8.self) })")
            // Nothing of all that did anything.
            #expect(try await keyed.count("shop") == 0)
            for route in Self.routes {
                for key in [route.isServerWide ? nil : keyed.keys["shop.\(route.scope)"], keyed.keys["admin"]] {
                    guard let key else { continue }
                    let answer = try await keyed.request(
                        route.method, route.target, key: key, headers: route.headers, body: route.body)
                    #expect(![401, 403].contains(answer.status), "\(route.method) \(route.target): \(answer.text)")
                }
            }
        }
    }

    @Test("The site of a key is that of all its requests that name none")
    func defaultSite() async throws {
        try await KeyedServer.with("default-site") { keyed in
            let sent = try await keyed.request(
                "POST", "/v1/events", key: keyed.keys["shop.write"], body: #"[{"event":"a"},{"event":"b"}]"#)
            #expect(try sent.json()["accepted"]?.int == 2)
            let pixel = try await keyed.server.request(
                "GET", "/v1/pixel.gif?event=c&key=\(keyed.keys["shop.write"] ?? "")")
            #expect(pixel.status == 200)
            for target in ["/v1/query/aggregate?metrics=events", "/v1/query/aggregate?metrics=events&key="] {
                let asked = try await keyed.request("GET", target, key: keyed.keys["shop.read"])
                #expect(try asked.json()["metrics"]?["events"]?.int == 3, "\(asked.text)")
            }
            let posted = try await keyed.request(
                "POST", "/v1/query/aggregate", key: keyed.keys["shop.read"],
                body: #"{"metrics":["events"],"site":null}"#)
            #expect(try posted.json()["metrics"]?["events"]?.int == 3, "\(posted.text)")
            let letters = try await keyed.request("GET", "/v1/dead-letters", key: keyed.keys["shop.read"])
            #expect(try letters.json()["site"]?.text == "shop")
            let url = try await keyed.server.request(
                "GET", "/v1/query/aggregate?metrics=events&key=\(keyed.keys["shop.read"] ?? "")")
            #expect(try url.json()["metrics"]?["events"]?.int == 3, "\(url.text)")
            let other = try await keyed.request(
                "GET", "/v1/query/aggregate?metrics=events", key: keyed.keys["other.read"])
            #expect(try other.json()["metrics"]?["events"]?.int == 0)
        }
    }

    @Test("An event for another site is rejected alone, and kept with the key's own site")
    func mixedBody() async throws {
        try await KeyedServer.with("mixed") { keyed in
            let body = "{\"event\":\"a\"}\n{\"event\":\"b\",\"site\":\"other\"}\n{\"site\":\"other\"}"
            let answer = try await keyed.request("POST", "/v1/events", key: keyed.keys["shop.write"], body: body)
            #expect(answer.status == 200)
            let json = try answer.json()
            #expect(json["accepted"]?.int == 1 && json["rejected"]?.int == 2)
            #expect(json["errors"]?.array?.map { $0["code"]?.text } == ["unauthorized", "unauthorized"])
            #expect(try await keyed.count("other") == 0)
            for (site, count) in [("shop", 2), ("other", 0)] {
                let letters = try await keyed.request("GET", "/v1/dead-letters?site=\(site)", key: keyed.keys["admin"])
                #expect(try letters.json()["dead_letters"]?.array?.count == count, "\(letters.text)")
            }
        }
    }

    @Test("A pixel with a bad key is the same picture, and its event is counted as lost")
    func pixel() async throws {
        try await KeyedServer.with("keyed-pixel") { keyed in
            for query in [
                "event=a&site=shop", "event=a&site=shop&key=x", "event=a&key=\(keyed.keys["shop.read"] ?? "")",
            ] {
                let answer = try await keyed.server.request("GET", "/v1/pixel.gif?\(query)")
                #expect(answer.status == 200 && answer.body == PixelEvent.gif)
            }
            #expect(try await keyed.count("shop") == 0)
            let metrics = Metrics(try await keyed.server.request("GET", "/metrics").text)
            #expect(metrics.sum("weir_events_dropped_total", ["reason": "unauthorized"]) == 3)
            #expect(metrics.imbalance == nil)
            #expect(metrics.sum("weir_access_refused_total", ["reason": "unauthorized"]) == 2)
            #expect(metrics.sum("weir_access_refused_total", ["reason": "wrong_scope"]) == 1)
        }
    }

    @Test("Datagrams bring their keys along, and what has none is counted")
    func datagrams() async throws {
        try await KeyedServer.with("keyed-datagrams") { keyed in
            let key = try #require(keyed.keys["shop.write"])
            let sender = try DatagramSender(port: UInt16(try #require(keyed.server.listening.udp?.port)))
            try sender.send(#"{"event":"a","site":"shop"}"#)
            try sender.send("{\"event\":\"b\",\"site\":\"other\",\"key\":\"\(key)\"}")
            try sender.send("{\"event\":\"c\",\"key\":\"\(keyed.keys["shop.admin"] ?? "")\"}")
            try sender.send("{\"visitor\":\"nameless\",\"key\":\"\(key)\"}")
            try sender.send(
                "{\"event\":\"d\",\"key\":\"\(key)\"}\n{\"event\":\"e\",\"key\":\"\(key)\",\"site\":\"shop\"}")
            for _ in 0..<4000 {
                let metrics = Metrics(try await keyed.server.request("GET", "/metrics").text)
                if metrics.sum("weir_events_received_total", ["transport": "udp"]) == 6,
                    metrics.sum("weir_events_accepted_total") == 2
                {
                    break
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await keyed.count("shop") == 2)
            let metrics = Metrics(try await keyed.server.request("GET", "/metrics").text)
            #expect(metrics.sum("weir_events_dropped_total", ["reason": "unauthorized"]) == 3)
            #expect(metrics.imbalance == nil)
            let letters = try await keyed.request("GET", "/v1/dead-letters?site=shop", key: keyed.keys["shop.read"])
            #expect(try letters.json()["dead_letters"]?.array?.count == 1)
            #expect(!letters.text.contains(key) && letters.text.contains("missing_event"))
            let anywhere = try await keyed.request("GET", "/v1/dead-letters", key: keyed.keys["admin"])
            #expect(try anywhere.json()["dead_letters"]?.array?.isEmpty == true)
        }
    }

    @Test("Health and readiness are open; the metrics are for admins and for this machine's own programs")
    func open() async throws {
        try await KeyedServer.with("open-routes") { keyed in
            func status(_ path: String, key: String?, headers: [(String, String)] = []) async throws -> Int {
                try await keyed.request("GET", path, key: key, headers: headers).status
            }
            for path in ["/healthz", "/readyz", "/openapi.json", "/", "/weir.js", "/metrics"] {
                let found = try await status(path, key: nil)
                #expect(found == 200, "\(path)")
            }
            let forwarded = [("X-Forwarded-For", "192.0.2.1")]
            for (key, expected) in [(nil, 401), ("shop.admin", 403), ("admin", 200)] as [(String?, Int)] {
                let found = try await status("/metrics", key: key.flatMap { keyed.keys[$0] }, headers: forwarded)
                #expect(found == expected, "\(key ?? "no key")")
            }
        }
    }
}
