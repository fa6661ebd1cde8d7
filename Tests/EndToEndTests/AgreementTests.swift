import TestSupport
import Testing

extension EndToEnd {
    @Suite("Random streams and queries", .timeLimit(.minutes(10)))
    struct AgreementTests {
        @Test("The server's answers equal the reference's in flight, sealed, split, restarted and shuffled")
        func agreement() async throws {
            let server = try TestServer()
            let sites = Counter()
            let report = try await ReferenceAgreement.run(
                seed: testSeed(), rounds: setting("WEIR_AGREEMENT_ROUNDS", default: 8)
            ) {
                HTTPTarget(server, site: "round-\(sites.next())")
            }
            #expect(report.disagreements.isEmpty, "\(report)")
        }
    }
}

/// A site of a running server as a target.
private final class HTTPTarget: QueryTarget {
    private let server: TestServer
    private let site: String
    private var restarts = 0

    init(_ server: TestServer, site: String) {
        self.server = server
        self.site = site
    }

    func load(_ ndjsonLines: [String]) async throws {
        let answer = try server.client.send(ndjsonLines, site: site)
        guard answer["rejected"]?.int == 0 else { throw HarnessError("rejected: \(answer)") }
    }

    func flush() async throws {
        try server.client.flush()
    }

    /// Ends the server by a crash and in peace, in turns.
    func restart() async throws {
        restarts += 1
        if restarts % 2 == 1 { try server.killAndRestart() } else { try server.restart() }
    }

    func query(_ kind: String, _ json: String) async throws -> String {
        try server.client.query(kind, try JSON(parsing: json), site: site).description
    }
}

private final class Counter {
    private var count = 0

    func next() -> Int {
        count += 1
        return count
    }
}
