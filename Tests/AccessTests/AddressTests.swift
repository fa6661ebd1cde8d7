import Access
import Testing

@Suite("Addresses and proxies")
struct AddressTests {
    @Test(
        "Addresses are read and written in one form",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::1", "::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("fe80::1%eth0", "fe80::1"), ("0.0.0.0", "0.0.0.0"), ("::", "::"),
        ])
    func texts(text: String, expected: String) throws {
        #expect(try #require(ClientAddress(text)).text == expected)
    }

    @Test(
        "What is no address is none",
        arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "[::1]", "1.2.3.4:80", "x", " 1.2.3.4", "1\0"])
    func noAddress(text: String) { #expect(ClientAddress(text) == nil) }

    @Test("Ranges hold what they say")
    func ranges() throws {
        func holds(_ range: String, _ address: String) throws -> Bool {
            try #require(AddressRange(range)).contains(try #require(ClientAddress(address)))
        }
        #expect(try holds("10.0.0.0/8", "10.255.1.2"))
        #expect(try !holds("10.0.0.0/8", "11.0.0.0"))
        #expect(try holds("10.0.0.0/8", "::ffff:10.0.0.1"))
        #expect(try holds("0.0.0.0/0", "203.0.113.1"))
        #expect(try !holds("0.0.0.0/0", "2001:db8::1"))
        #expect(try holds("::/0", "2001:db8::1"))
        #expect(try holds("2001:db8::/65", "2001:db8::7fff:0:0:1"))
        #expect(try !holds("2001:db8::/65", "2001:db8::8000:0:0:1"))
        #expect(try holds("192.0.2.7", "192.0.2.7"))
        #expect(try !holds("192.0.2.7", "192.0.2.6"))
        for text in [
            "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "/8", "a/8", "::/129", "fe80::%1/64",
            "10.0.0.0/8/8",
        ] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
        #expect(try #require(ClientAddress("127.8.8.8")).isLoopback)
        #expect(try #require(ClientAddress("::1")).isLoopback)
        #expect(try !#require(ClientAddress("128.0.0.1")).isLoopback)
    }

    @Test("The client is the last hop that is no trusted proxy, and nothing a client says changes that")
    func proxies() throws {
        let ranges = try ["10.0.0.0/8", "fd00::/8"].map { try #require(AddressRange($0)) }
        func client(
            _ peer: String, _ forwardedFor: [String] = [], _ forwarded: [String] = [], header: ProxyTrust.Header = .auto
        ) throws -> String {
            ProxyTrust(ranges: ranges, header: header)
                .client(peer: try #require(ClientAddress(peer)), forwardedFor: forwardedFor, forwarded: forwarded).text
        }
        #expect(try client("192.0.2.1", ["198.51.100.1"]) == "192.0.2.1", "an untrusted peer")
        #expect(try client("10.0.0.1") == "10.0.0.1")
        #expect(try client("10.0.0.1", ["198.51.100.1"]) == "198.51.100.1")
        #expect(try client("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"]) == "198.51.100.1")
        #expect(try client("10.0.0.1", ["1.1.1.1", "198.51.100.1,10.0.0.2"]) == "198.51.100.1", "several lines")
        #expect(try client("10.0.0.1", ["10.0.0.3, 10.0.0.2"]) == "10.0.0.3", "nothing but proxies")
        #expect(try client("10.0.0.1", ["1.1.1.1, unknown, 10.0.0.2"]) == "10.0.0.2", "what cannot be read ends it")
        #expect(try client("10.0.0.1", ["198.51.100.1:4711"]) == "198.51.100.1")
        #expect(try client("10.0.0.1", ["[2001:db8::1]:4711"]) == "2001:db8::1")
        #expect(try client("10.0.0.1", ["2001:db8::1"]) == "2001:db8::1")
        #expect(try client("10.0.0.1", [""]) == "10.0.0.1")
        #expect(
            try client("fd00::1", [], [#"for=1.1.1.1, For="[2001:db8:cafe::17]:4711";proto=https;by=x"#])
                == "2001:db8:cafe::17")
        #expect(try client("10.0.0.1", [], ["by=1.1.1.1"]) == "10.0.0.1")
        #expect(try client("10.0.0.1", [], ["for=_hidden"]) == "10.0.0.1")
        #expect(try client("10.0.0.1", ["198.51.100.1"], ["for=1.1.1.1"]) == "198.51.100.1")
        #expect(try client("10.0.0.1", ["198.51.100.1"], ["for=203.0.113.9"], header: .forwarded) == "203.0.113.9")
        #expect(try client("10.0.0.1", [], ["for=203.0.113.9"], header: .forwardedFor) == "10.0.0.1")
        let many = Array(repeating: "10.0.0.9", count: 1000).joined(separator: ",")
        #expect(try client("10.0.0.1", ["1.1.1.1," + many]) == "10.0.0.9", "a bounded number of hops is looked at")
    }
}
