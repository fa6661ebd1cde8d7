import Access
import Foundation
import TestSupport
import Testing
import WebAPI

/// A running server with keys of the sites `shop` and `other`, and none of the others.
struct KeyedServer: Sendable {
    let server: RunningServer
    /// By site and scope, `shop.write` for example; `revoked` was one of the shop's, `admin` is of all sites.
    let keys: [String: String]

    /// Runs a server and makes its keys, the first of them an admin's of all sites, which closes every site.
    static func with(
        _ purpose: String,
        configure: (inout WeirServer.Configuration) -> Void = { _ in },
        _ body: @Sendable (KeyedServer) async throws -> Void
    ) async throws {
        try await RunningServer.with(purpose, configure: configure) { server in
            let first = try await server.request(
                "POST", "/v1/admin/keys", headers: [json], body: #"{"scope":"admin","name":"first"}"#)
            #expect(first.status == 200, "\(first.text)")
            let admin = try #require(try first.json()["key"]?.text)
            var keys = ["admin": admin]
            for site in ["shop", "other"] {
                for scope in ["write", "read", "admin"] {
                    keys["\(site).\(scope)"] = try await make(server, admin, scope, site)
                }
            }
            let revoked = try await make(server, admin, "write", "shop")
            keys["revoked"] = revoked
            let bearer = [("Authorization", "Bearer \(admin)")]
            let answer = try await server.request("DELETE", "/v1/admin/keys/\(id(revoked))", headers: bearer)
            #expect(answer.status == 200, "\(answer.text)")
            try await body(KeyedServer(server: server, keys: keys))
        }
    }

    static let json = ("Content-Type", "application/json")

    /// The public id in a key.
    static func id(_ key: String) -> String { String(key.dropFirst(5).prefix(12)) }

    private static func make(
        _ server: RunningServer, _ admin: String, _ scope: String, _ site: String
    ) async throws -> String {
        let answer = try await server.request(
            "POST", "/v1/admin/keys", headers: [json, ("X-Weir-Key", admin)],
            body: #"{"scope":"\#(scope)","site":"\#(site)"}"#)
        return try #require(try answer.json()["key"]?.text, "\(answer.text)")
    }

    /// Sends a request with a key.
    func request(
        _ method: String, _ target: String, key: String?, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> HTTPResponse {
        let presented = key.map { [("Authorization", "Bearer \($0)")] } ?? []
        return try await server.request(method, target, headers: headers + presented, body: body)
    }

    /// The number of events of a site.
    func count(_ site: String) async throws -> Int64 {
        let answer = try await request("GET", "/v1/query/aggregate?metrics=events&site=\(site)", key: keys["admin"])
        return try #require(try answer.json()["metrics"]?["events"]?.int, "\(answer.text)")
    }
}
