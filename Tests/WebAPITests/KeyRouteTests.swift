import Access
import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing
import WebAPI

@Suite("Managing keys over HTTP", .serialized)
struct KeyRouteTests {
    @Test("The first key is made by a program of this machine; the next needs it")
    func first() async throws {
        try await RunningServer.with("first-key") { server in
            let body = #"{"scope":"admin"}"#
            for (headers, status) in [
                ([], 415), ([KeyedServer.json, ("Origin", "http://127.0.0.1")], 403),
                ([KeyedServer.json, ("X-Forwarded-For", "192.0.2.1")], 401),
                ([KeyedServer.json, ("Forwarded", "for=192.0.2.1")], 401),
            ] as [([(String, String)], Int)] {
                let answer = try await server.request("POST", "/v1/admin/keys", headers: headers, body: body)
                #expect(answer.status == status, "\(headers): \(answer.text)")
            }
            #expect(try await server.request("GET", "/v1/admin/keys").json()["keys"]?.array?.isEmpty == true)
            let made = try await server.request("POST", "/v1/admin/keys", headers: [KeyedServer.json], body: body)
            #expect(made.status == 200)
            #expect(made.headers["cache-control"] == "no-store")
            let again = try await server.request("POST", "/v1/admin/keys", headers: [KeyedServer.json], body: body)
            #expect(again.status == 401)
            #expect(try await server.request("GET", "/v1/admin/keys").status == 401)
        }
    }

    @Test("An admin of a site sees and changes that site's keys only, and no list shows a secret")
    func siteAdmin() async throws {
        try await KeyedServer.with("site-admin") { keyed in
            let all = try await keyed.request("GET", "/v1/admin/keys", key: keyed.keys["admin"])
            #expect(try all.json()["keys"]?.array?.count == 8)
            for key in keyed.keys.values { #expect(!all.text.contains(key.suffix(40))) }
            let own = try await keyed.request("GET", "/v1/admin/keys", key: keyed.keys["shop.admin"])
            #expect(try own.json()["keys"]?.array?.allSatisfy { $0["site"]?.text == "shop" } == true)
            #expect(try own.json()["keys"]?.array?.count == 4)
            #expect(try own.json()["keys"]?.array?.count { $0["revoked"]?.text != nil } == 1)
            for (body, status) in [
                (#"{"scope":"write","site":"shop","name":"web","events_per_second":5}"#, 200),
                (#"{"scope":"write","site":"other"}"#, 403), (#"{"scope":"admin"}"#, 403),
                (#"{"scope":"write"}"#, 400), (#"{"scope":"owner","site":"shop"}"#, 400), ("[]", 400), ("{", 400),
                (#"{"scope":"write","site":"shop","what":1}"#, 400), (#"{"scope":"write","site":"a b"}"#, 400),
                (#"{"scope":"write","site":"shop","events_per_second":-1}"#, 400),
            ] {
                let answer = try await keyed.request(
                    "POST", "/v1/admin/keys", key: keyed.keys["shop.admin"], headers: [KeyedServer.json], body: body)
                #expect(answer.status == status, "\(body): \(answer.text)")
            }
            let foreign = KeyedServer.id(try #require(keyed.keys["other.write"]))
            for name in [foreign, "000000000000", "x", "..", "%00"] {
                let answer = try await keyed.request(
                    "DELETE", "/v1/admin/keys/\(name)", key: keyed.keys["shop.admin"])
                #expect(answer.status == 404, "\(name): \(answer.text)")
            }
            let sent = try await keyed.request(
                "POST", "/v1/events", key: keyed.keys["other.write"], body: #"{"event":"a"}"#)
            #expect(sent.status == 200, "nothing was revoked")
            for key in ["shop.write", "shop.read"] {
                let answer = try await keyed.request("GET", "/v1/admin/keys", key: keyed.keys[key])
                #expect(answer.status == 403)
            }
        }
    }

    @Test("A key that is revoked under load is refused from then on, on every connection, and not before")
    func rotation() async throws {
        try await KeyedServer.with("rotation") { keyed in
            let old = try #require(keyed.keys["shop.write"])
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await keyed.server.talk { connection in
                            while true {
                                // Read before the request begins: what is refused must have been revoked by its end.
                                let wasRevoked = load.isRevoked.load(ordering: .acquiring)
                                let answer = try connection.request(
                                    "POST", "/v1/events", headers: [("X-Weir-Key", old)],
                                    body: Array(#"{"event":"a","visitor":"v"}"#.utf8))
                                if answer.status == 401 { return }
                                #expect(answer.status == 200)
                                #expect(!wasRevoked, "taken after it was revoked")
                                guard answer.status == 200, !wasRevoked else { return }
                                load.taken.add(1, ordering: .relaxed)
                            }
                        }
                    }
                }
                for _ in 0..<10_000 where load.taken.load(ordering: .relaxed) < 40 {
                    try await Task.sleep(for: .milliseconds(2))
                }
                let next = try await keyed.request(
                    "POST", "/v1/admin/keys", key: keyed.keys["shop.admin"], headers: [KeyedServer.json],
                    body: #"{"scope":"write","site":"shop"}"#)
                let new = try #require(try next.json()["key"]?.text)
                let both = try await keyed.request("POST", "/v1/events", key: new, body: #"{"event":"b"}"#)
                #expect(both.status == 200)
                let gone = try await keyed.request(
                    "DELETE", "/v1/admin/keys/\(KeyedServer.id(old))", key: keyed.keys["shop.admin"])
                #expect(gone.status == 200)
                load.isRevoked.store(true, ordering: .releasing)
                try await group.waitForAll()
                let after = try await keyed.request("POST", "/v1/events", key: new, body: #"{"event":"b"}"#)
                #expect(after.status == 200)
            }
            #expect(try await keyed.count("shop") == Int64(load.taken.load(ordering: .relaxed)) + 2)
        }
    }

    /// What the senders of a test share.
    private final class Load: Sendable {
        let isRevoked = Atomic<Bool>(false)
        let taken = Atomic<Int>(0)
    }

    @Test("A live query ends when its key is revoked")
    func live() async throws {
        try await KeyedServer.with("live-key") { keyed in
            let key = try #require(keyed.keys["shop.read"])
            let (answers, told) = AsyncStream<Void>.makeStream()
            async let ended: Void = keyed.server.talk { _ in
                let stream = try EventStream(
                    port: keyed.server.port, target: "/v1/live/aggregate?metrics=events&key=\(key)", seconds: 60)
                _ = try stream.answer()
                told.finish()
                // Ends with an error or with the end of the stream; that it ends at all is the point.
                while (try? stream.next()) != nil {}
            }
            for await _ in answers {}
            let gone = try await keyed.request(
                "DELETE", "/v1/admin/keys/\(KeyedServer.id(key))", key: keyed.keys["admin"])
            #expect(gone.status == 200)
            try await ended
            var watchers = 1.0
            for _ in 0..<4000 where watchers > 0 {
                watchers = Metrics(try await keyed.server.request("GET", "/metrics").text).sum("weir_live_watchers")
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(watchers == 0)
        }
    }

    @Test("A server that other machines can reach does not start without keys, and demands them for every site")
    func reachable() async throws {
        let folder = try TemporaryFolder("reachable")
        let data = folder.path + "/data"
        let anywhere = try SocketAddress(ipAddress: "0.0.0.0", port: 0)
        let error = await #expect(throws: ServerStartError.self) {
            try await RunningServer.with("reachable", dataDirectory: data, configure: { $0.http = anywhere }) { _ in
                Issue.record("it started")
            }
        }
        #expect(
            error?.description.contains("weir key create --scope admin --data \(data)") == true,
            "\(String(describing: error))")
        let made = Mutex("")
        try await RunningServer.with("reachable", dataDirectory: data) { server in
            let answer = try await server.request(
                "POST", "/v1/admin/keys", headers: [KeyedServer.json], body: #"{"scope":"write","site":"shop"}"#)
            let key = try #require(try answer.json()["key"]?.text)
            made.withLock { $0 = key }
            #expect(try await server.request("GET", "/v1/query/aggregate?site=free").status == 200)
        }
        let key = made.withLock { $0 }
        try await RunningServer.with("reachable", dataDirectory: data, configure: { $0.http = anywhere }) { server in
            #expect(try await server.request("GET", "/v1/query/aggregate?site=free").status == 401)
            let sent = try await server.request(
                "POST", "/v1/events", headers: [("X-Weir-Key", key)], body: #"{"event":"a"}"#)
            #expect(sent.status == 200, "\(sent.text)")
        }
    }
}
