import LoadgenCore
import Testing

@Suite("Options as they are typed")
struct OptionTextTests {
    @Test(
        "Durations have a number and a unit",
        arguments: [
            ("500ms", 500_000_000), ("90s", 90_000_000_000), ("30m", 1_800_000_000_000), ("1h", 3_600_000_000_000),
            ("1.5s", 1_500_000_000), ("7d", 604_800_000_000_000),
        ] as [(String, Int64)])
    func durations(text: String, nanoseconds: Int64) {
        #expect(DurationText(text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "Anything else is no duration",
        arguments: ["", "s", "10", "0s", "-1s", "1x", "1 s", "1e3s", ".5s", "1..2s", "9999d"])
    func badDurations(text: String) {
        #expect(DurationText(text) == nil)
    }

    @Test(
        "Addresses are read with host, port and path",
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, "", "http://127.0.0.1:8080"),
            ("HTTP://localhost/", "localhost", 80, "", "http://localhost:80"),
            ("http://[::1]:99/a/b/", "::1", 99, "/a/b", "http://[::1]:99/a/b"),
        ])
    func urls(text: String, host: String, port: Int, prefix: String, description: String) throws {
        let url = try #require(TargetURL(text))
        #expect(url.address.host == host)
        #expect(url.address.port == port)
        #expect(url.prefix == prefix)
        #expect(url.description == description)
    }

    @Test(
        "Anything else is no address",
        arguments: [
            "", "localhost:80", "https://localhost", "http://", "http://:80", "http://h:0", "http://h:65536",
            "http://h:x",
            "http://h:80/a?b=c", "http://h:80/#f", "http://a b/", "http://[::1", "http://[::1]80", "http://::1:80",
        ])
    func badURLs(text: String) {
        #expect(TargetURL(text) == nil)
    }

    @Test("A host needs a port where there is no default")
    func hostPorts() {
        #expect(HostPort("127.0.0.1:8081")?.port == 8081)
        #expect(HostPort("[::1]:5")?.host == "::1")
        #expect(HostPort("127.0.0.1") == nil)
        #expect(HostPort("127.0.0.1", defaultPort: 80)?.port == 80)
    }

    @Test("Runs with options out of bounds are refused")
    func badRuns() throws {
        let target = RunOptions.Target.http(.local)
        func refuses(_ change: (inout RunOptions) -> Void) -> Bool {
            var options = RunOptions(target: target, source: .file("-"))
            change(&options)
            return (try? LoadRunner(options)) == nil
        }
        #expect(!refuses { _ in })
        #expect(refuses { $0.rate = -1 })
        #expect(refuses { $0.rate = .infinity })
        #expect(refuses { $0.connections = 0 })
        #expect(refuses { $0.batch = 0 })
        #expect(refuses { $0.threads = 65 })
        #expect(refuses { $0.events = 0 })
    }
}
