import Testing
import WebAPI

@Suite("Addresses to listen on")
struct ListenAddressTests {
    @Test(
        "A host and a port are told apart",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65535),
        ])
    func parses(text: String, host: String, port: Int) throws {
        let address = try ListenAddress(parsing: text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address.description == text)
    }

    @Test(
        "What is no address is refused and says what would be one",
        arguments: [
            "", "8080", "localhost", ":8080", "localhost:", "localhost:65536", "localhost:-1", "::1:80", "a:+1",
        ])
    func refuses(text: String) throws {
        let error = try #require(throws: ListenAddress.ParseError.self) { try ListenAddress(parsing: text) }
        #expect(error.description.contains("HOST:PORT"))
    }

    @Test(
        "Only addresses of this machine alone are loopback addresses",
        arguments: [
            ("127.0.0.1", true), ("127.9.8.7", true), ("::1", true), ("::ffff:127.0.0.1", true), ("localhost", true),
            ("0.0.0.0", false), ("::", false), ("192.0.2.1", false), ("128.0.0.1", false), ("2001:db8::1", false),
            ("::ffff:192.0.2.1", false),
        ])
    func loopback(host: String, expected: Bool) throws {
        let address = try ListenAddress(host: host, port: 80).resolved()
        #expect(address.isLoopback == expected)
    }

    @Test("A host that cannot exist is an error value")
    func unknownHost() {
        #expect(throws: ListenAddress.ParseError.self) { try ListenAddress(host: "no host", port: 1).resolved() }
    }
}
