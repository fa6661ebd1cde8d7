import Foundation
import TestSupport
import Testing

/// Everything that is tested with the real server process, one test after the other: they share the machine's cores,
/// and each may use all of them.
@Suite("The server from outside", .serialized)
struct EndToEnd {}

/// A server on a folder of its own.
final class TestServer {
    let folder: TemporaryFolder
    private(set) var process: ServerProcess
    private(set) var client: WeirClient

    private let arguments: [String]

    /// Starts a server with further arguments of `weir serve`.
    init(arguments: [String] = []) throws {
        self.arguments = arguments
        folder = try TemporaryFolder("data")
        process = try ServerProcess(directory: folder.path, arguments: arguments)
        client = try WeirClient(process)
    }

    /// Ends the server with SIGTERM and starts it again.
    func restart() throws {
        let code = try process.terminate()
        guard code == 0 else { throw HarnessError("SIGTERM: exit \(code): \(process.log.suffix(2000))") }
        try start()
    }

    /// Kills the server and starts it again.
    func killAndRestart() throws {
        try process.kill()
        try start()
    }

    /// Starts the server again after it has ended.
    func start() throws {
        process = try ServerProcess(directory: folder.path, arguments: arguments)
        client = try WeirClient(process)
    }

    /// The number of events of a site.
    func count(_ site: String) throws -> Int64 {
        let answer = try client.query("aggregate", ["range": "all", "metrics": ["events"]], site: site)
        guard let count = answer["metrics"]?["events"]?.int else { throw HarnessError("no count: \(answer)") }
        return count
    }

    /// Fails the test unless the server is alive and its counters add up.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let health = try WeirClient(process).connection.request("GET", "/healthz")
        #expect(health.status == 200, sourceLocation: sourceLocation)
        let imbalance = try WeirClient(process).metrics().imbalance
        #expect(imbalance == nil, sourceLocation: sourceLocation)
    }
}

/// The whole number that an environment variable sets.
func setting(_ name: String, default value: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? value
}

/// A new seed, or the one that `WEIR_SEED` sets.
func testSeed() -> UInt64 {
    SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
}

/// The clock, Unix milliseconds.
func now() -> Int64 {
    Int64(Date().timeIntervalSince1970 * 1000)
}
