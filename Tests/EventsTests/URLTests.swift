import Events
import Testing

@Suite("Dimensions derived from URLs")
struct URLTests {
    let harness = Harness()

    /// A URL, and the host and path it should give.
    struct Example: Sendable {
        var url: String
        var host: String?
        var path: String?

        init(_ url: String, _ host: String?, _ path: String?) {
            self.url = url
            self.host = host
            self.path = path
        }
    }

    @Test(
        "Host and path",
        arguments: [
            Example("https://example.com/p/1", "example.com", "/p/1"),
            Example("https://example.com", "example.com", "/"),
            Example("https://example.com?x=1", "example.com", "/"),
            Example("https://example.com#top", "example.com", "/"),
            Example("https://example.com/a?b#c", "example.com", "/a"),
            Example("https://example.com/a#b?c", "example.com", "/a"),
            Example("HTTPS://EXAMPLE.COM/Path", "example.com", "/Path"),
            Example("https://Example.com:443/", "example.com", "/"),
            Example("http://example.com:80/", "example.com", "/"),
            Example("http://example.com:443/", "example.com:443", "/"),
            Example("https://example.com:8443/x", "example.com:8443", "/x"),
            Example("https://example.com:08080/x", "example.com:8080", "/x"),
            Example("http://example.com:0/", "example.com:0", "/"),
            Example("https://example.com:/x", "example.com", "/x"),
            Example("https://user:p%40ss@example.com/x", "example.com", "/x"),
            Example("http://[2001:DB8::1]/x", "[2001:db8::1]", "/x"),
            Example("http://[::1]:8080/x", "[::1]:8080", "/x"),
            Example("http://127.0.0.1:3000/", "127.0.0.1:3000", "/"),
            Example("http://localhost/a//b/", "localhost", "/a//b/"),
            Example("https://müller.de/straße", "müller.de", "/straße"),
            Example("//cdn.example.com/x", "cdn.example.com", "/x"),
            Example("/p/1?x", nil, "/p/1"),
            Example("/", nil, "/"),
            Example("?utm_source=x", nil, nil),
            Example("#top", nil, nil),
            Example("file:///C:/x", nil, "/C:/x"),
            Example("android-app://com.google.gm/x", "com.google.gm", "/x"),
            Example("mailto:a@b.c", nil, nil),
            Example("about:blank", nil, nil),
            Example("example.com/x", nil, nil),
            Example("https://", nil, nil),
            Example("https:///x", nil, nil),
            Example("https://exa mple.com/", nil, nil),
            Example("https://example.com:99999/", nil, nil),
            Example("https://example.com:8a/", nil, nil),
            Example("https://[::1/x", nil, nil),
            Example("https://[]/x", nil, nil),
            Example("https://a@/x", nil, nil),
            Example("http//example.com", nil, nil),
            Example("://x", nil, nil),
            Example("", nil, nil),
        ])
    func parts(example: Example) throws {
        let row = try harness.row(
            "{\"event\":\"e\",\"visitor\":\"v\",\"url\":\"\(example.url)\",\"referrer\":\"\(example.url)\"}")
        #expect(row["url"] == example.url)
        #expect(row["host"] == example.host)
        #expect(row["path"] == example.path)
        #expect(row["referrer_host"] == example.host)
        #expect(row["query_string"] == nil)
    }

    @Test("Campaign parameters are decoded, the first that is not empty counts")
    func campaign() throws {
        let row = try harness.row(
            #"{"event":"e","visitor":"v","url":"https://a.de/?x=1&utm_source=News+Letter&utm_medium=e%2dmail&utm_campaign=&utm_campaign=%C3%BC&utm_term=100%&utm_content=%FF%20&utm_source=second&utm_other=1&UTM_TERM=no#utm_term=no"}"#
        )
        let found = row.filter { $0.key.hasPrefix("utm_") }
        #expect(
            found == [
                "utm_source": "News Letter", "utm_medium": "e-mail", "utm_campaign": "ü", "utm_term": "100%",
                "utm_content": "%FF%20",
            ])
    }

    @Test(
        "Odd queries give no campaign",
        arguments: [
            "?", "?utm_source", "?utm_source=", "?=x", "?&&&", "?utm_sourc=xx", "?xutm_source=1", "?utm_sources=1",
        ])
    func oddQueries(query: String) throws {
        let row = try harness.row("{\"event\":\"e\",\"visitor\":\"v\",\"url\":\"/p\(query)\"}")
        #expect(row["path"] == "/p")
        #expect(!row.keys.contains { $0.hasPrefix("utm_") })
    }

    @Test("The query is kept where the site keeps it")
    func queryString() throws {
        var harness = harness
        harness.context.keepQueryString = true
        #expect(
            try harness.row(#"{"event":"e","visitor":"v","url":"https://a.de/?a=%20b&c#d"}"#)["query_string"]
                == "a=%20b&c")
        #expect(try harness.row(#"{"event":"e","visitor":"v","url":"https://a.de/?#d"}"#)["query_string"] == nil)
    }
}
