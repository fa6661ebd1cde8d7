import Client
import Testing

@Suite("A server's address")
struct ServerAddressTests {
    @Test(
        "Addresses are read with and without their parts",
        arguments: [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1", true),
            ("localhost:8080/", "http://localhost:8080", "localhost", true),
            ("https://[::1]:8443", "https://[::1]:8443", "::1", true),
            ("https://stats.example.org/weir//", "https://stats.example.org/weir", "stats.example.org", false),
            ("http://[2001:db8::1]", "http://[2001:db8::1]", "2001:db8::1", false),
        ])
    func read(text: String, base: String, host: String, isLoopback: Bool) throws {
        let address = try ServerAddress(text)
        #expect(address.base == base)
        #expect(address.host == host)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(
        "Anything else is a usage error",
        arguments: [
            "", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:70000", "http://a:b", "http://a b",
            "http://u@a", "http://a?x=1", "http://a#x", "http://[::1", "http://[::1]x", "http://é",
        ])
    func refused(text: String) {
        #expect(clientError { () throws(ClientError) in _ = try ServerAddress(text) }?.kind == .usage)
    }

    @Test("Parameters are percent-encoded")
    func parameters() throws {
        let url = try ServerAddress("http://a/x").url(
            "/v1/events", parameters: [(name: "backfill", value: "true"), (name: "site", value: "a b&c=é")])
        #expect(url == "http://a/x/v1/events?backfill=true&site=a%20b%26c%3D%C3%A9")
    }
}
