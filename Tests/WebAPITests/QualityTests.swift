import TestSupport
import Testing
import WebAPI

@Suite("Dead letters, schemas and keys over HTTP", .serialized)
struct QualityTests {
    @Test("Dead letters are listed newest first with totals, by reason and in pages, and admitted anew once")
    func deadLetters() async throws {
        try await RunningServer.with("dead-letters") { server in
            let body = "{\"visitor\":\"v\"}\nbroken\n{\"event\":\"a\",\"time\":0}\n{\"visitor\":\"w\"}"
            _ = try await server.request("POST", "/v1/events?site=shop", body: body)
            let page = try await server.request("GET", "/v1/dead-letters?site=shop&limit=3").json()
            #expect(page["total"]?.int == 4)
            #expect(page["reasons"]?["missing_event"]?.int == 2)
            #expect(
                page["dead_letters"]?.array?.compactMap { $0["code"]?.text } == [
                    "missing_event", "time_too_old", "invalid_json",
                ])
            #expect(page["dead_letters"]?.array?.first?["transport"]?.text == "http")
            #expect(page["dead_letters"]?.array?.first?["truncated"]?.bool == false)
            let cursor = try #require(page["cursor"]?.text)
            let rest = try await server.request("GET", "/v1/dead-letters?site=shop&limit=3&cursor=\(cursor)").json()
            #expect(rest["dead_letters"]?.array?.compactMap { $0["event"]?.text } == [#"{"visitor":"v"}"#])
            #expect(rest["cursor"]?.text == nil)
            let one = try await server.request("GET", "/v1/dead-letters?site=shop&reason=time_too_old").json()
            #expect(one["dead_letters"]?.array?.count == 1)

            // What anybody may have sent is no markup, even where a browser is made to read it as a page.
            _ = try await server.request("POST", "/v1/events?site=page", body: "{\"event\":\"a\"}\n<script>x</script>")
            let markup = try await server.request("GET", "/v1/dead-letters?site=page")
            #expect(!markup.text.contains("<script>"))
            #expect(try markup.json()["dead_letters"]?.array?.first?["event"]?.text == "<script>x</script>")

            let replay = #"{"site":"shop","reason":"time_too_old","backfill":true}"#
            let report = try await server.request("POST", "/v1/dead-letters/replay", body: replay).json()
            #expect(report["accepted"]?.int == 1 && report["rejected"]?.int == 0)
            let again = try await server.request("POST", "/v1/dead-letters/replay", body: #"{"site":"shop"}"#).json()
            #expect(again["accepted"]?.int == 0 && again["rejected"]?.int == 3)
            #expect(again["errors"]?.array?.count == 3)
            let asked = try await server.request("GET", "/v1/query/aggregate?site=shop&metrics=events&range=all").json()
            #expect(asked["metrics"]?["events"]?.int == 1)
            for wrong in [#"{"sites":"shop"}"#, #"{"ids":["x"]}"#, #"{"from":"soon"}"#, "[]"] {
                let answer = try await server.request("POST", "/v1/dead-letters/replay", body: wrong)
                #expect(answer.status == 400, "\(wrong)")
            }
            let page2 = try await server.request(
                "POST", "/v1/dead-letters/replay", headers: [("Origin", "https://example.com")], body: "{}")
            #expect(page2.status == 403)
        }
    }

    @Test("A schema is declared, shown, kept with its history, and not narrowed by mistake")
    func schema() async throws {
        try await RunningServer.with("schema") { server in
            #expect(try await server.request("GET", "/v1/sites/shop/schema").status == 404)
            let first = #"""
                {"additional_events":false,"events":{"purchase":{"additional_properties":false,"properties":{
                  "amount":{"type":"number","required":true,"min":0},"currency":{"type":"string","enum":["EUR","USD"]},
                  "note":{"type":["string","boolean"],"min_length":1,"max_length":5}}}}}
                """#
            let declared = try await server.request("PUT", "/v1/sites/shop/schema", body: first)
            #expect(declared.status == 200)
            #expect(try declared.json()["version"]?.int == 1)
            let shown = try await server.request("GET", "/v1/sites/shop/schema").json()
            #expect(shown["version"]?.int == 1)
            // What is shown can be declared.
            let copy = try #require(shown["schema"]).description
            let same = try await server.request("PUT", "/v1/sites/shop/schema", body: copy).json()
            #expect(same["changed"]?.bool == false && same["version"]?.int == 1)

            let body =
                #"[{"event":"purchase","props":{"amount":5,"currency":"GBP"}},{"event":"view"},{"event":"purchase","props":{"amount":5}}]"#
            let answer = try await server.request("POST", "/v1/events?site=shop", body: body).json()
            #expect(answer["accepted"]?.int == 1)
            #expect(
                answer["errors"]?.array?.compactMap { $0["code"]?.text } == [
                    "schema_property_enum", "schema_event_not_allowed",
                ])
            let narrower =
                #"{"additional_events":false,"events":{"purchase":{"properties":{"amount":{"type":"integer","required":true}}}}}"#
            let refused = try await server.request("PUT", "/v1/sites/shop/schema", body: narrower)
            #expect(refused.status == 409)
            #expect(refused.headers["content-type"] == "application/problem+json")
            let problem = try refused.json()
            #expect(problem["code"]?.text == "schema_incompatible")
            #expect(problem["breaks"]?.array?.compactMap { $0["rule"]?.text } == ["type"])
            #expect(problem["breaks"]?.array?.first?["property"]?.text == "amount")
            let forced = #"{"force":true,"# + narrower.dropFirst()
            #expect(try await server.request("PUT", "/v1/sites/shop/schema", body: forced).json()["version"]?.int == 2)
            let old = try await server.request("GET", "/v1/sites/shop/schema?version=1").json()
            #expect(old["schema"]?.description == shown["schema"]?.description)
            #expect(old["versions"]?.array?.count == 2)
            #expect(try await server.request("GET", "/v1/sites/shop/schema?version=9").status == 404)
            let metrics = try await server.request("GET", "/metrics").text
            #expect(metrics.contains(#"weir_schema_version{site="shop"} 2"#))
            for wrong in [
                #"{"mode":"maybe"}"#, #"{"event":{}}"#, #"{"events":[]}"#,
                #"{"events":{"a":{"properties":{"p":{"type":"date"}}}}}"#,
                #"{"events":{"a":{"properties":{"p":{"min":3,"max":2}}}}}"#, #"{"events":{"a":{},"a":{}}}"#,
                #"{"events":{"a":{"properties":{"p":{"pattern":"x"}}}}}"#,
                #"{"events":{"a":{"properties":{"p":{"enum":[]}}}}}"#,
            ] {
                let answer = try await server.request("PUT", "/v1/sites/shop/schema", body: wrong)
                #expect(answer.status == 400, "\(wrong)")
            }
            // Letters of a schema are admitted in spite of it.
            let replay = try await server.request(
                "POST", "/v1/dead-letters/replay", body: #"{"site":"shop","force_schema":true}"#
            ).json()
            #expect(replay["accepted"]?.int == 2)
        }
    }

    @Test("A request with a key is answered with the same bytes again, and one that only asks stores nothing")
    func keys() async throws {
        try await RunningServer.with("request-keys") { server in
            let key = [("Idempotency-Key", "3f2c"), ("Content-Type", "application/json")]
            let body = #"[{"event":"a"},{"visitor":"v"}]"#
            let dry = try await server.request("POST", "/v1/events?dry_run=true", body: body)
            let first = try await server.request("POST", "/v1/events", headers: key, body: body)
            #expect(first.status == 200 && first.body == dry.body)
            #expect(first.headers["idempotent-replayed"] == nil)
            let again = try await server.request("POST", "/v1/events", headers: key, body: body)
            #expect(again.body == first.body && again.headers["idempotent-replayed"] == "true")
            let other = try await server.request("POST", "/v1/events", headers: key, body: #"{"event":"b"}"#)
            #expect(other.status == 422)
            #expect(try other.json()["code"]?.text == "idempotency_key_reused")
            let long = [("Idempotency-Key", String(repeating: "k", count: 256))]
            #expect(try await server.request("POST", "/v1/events", headers: long, body: body).status == 400)
            let count = try await server.request("GET", "/v1/query/aggregate?metrics=events&range=all").json()
            #expect(count["metrics"]?["events"]?.int == 1)
            let letters = try await server.request("GET", "/v1/dead-letters").json()
            #expect(letters["total"]?.int == 1)
            _ = try await server.request("GET", "/v1/pixel.gif?event=a&dry_run=true")
            let still = try await server.request("GET", "/v1/query/aggregate?metrics=events&range=all").json()
            #expect(still["metrics"]?["events"]?.int == 1)
        }
    }
}
