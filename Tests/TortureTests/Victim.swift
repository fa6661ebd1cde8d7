import Foundation
import Glibc
import TestSupport

/// A server with its directory, its oracle and everything that is watched about it.
///
/// Whatever is wrong is returned in words rather than reported at once, so that a canary can ask for it.
final class Victim: @unchecked Sendable {
    // `@unchecked`: one thread starts and stops; the writers only read `server` while nobody does.
    static let site = "torture"

    let folder: TemporaryFolder
    let oracle: Oracle
    private(set) var server: ServerProcess?
    private let arguments: [String]
    private var logs: [String] = []

    var directory: String { folder.path + "/data" }

    /// - Parameter arguments: of every start.
    init(oracle: Oracle = Oracle(), arguments: [String] = []) throws {
        folder = try TemporaryFolder("torture")
        self.oracle = oracle
        self.arguments = arguments
    }

    /// Another one with a copy of this one's directory and oracle. No server may run here.
    func copy(arguments: [String]? = nil) throws -> Victim {
        let copy = try Victim(oracle: oracle.copy(), arguments: arguments ?? self.arguments)
        try FileManager.default.copyItem(atPath: directory, toPath: copy.directory)
        return copy
    }

    // MARK: Starting and ending

    /// Starts a server.
    ///
    /// - Parameter faults: orders for its fault points.
    /// - Throws: ``ServerProcess/Ended`` when it does not come up.
    @discardableResult
    func start(faults: String? = nil, shim: Shim? = nil, arguments: [String] = []) throws -> WeirClient {
        var environment = try shim?.environment() ?? [:]
        if let faults { environment["WEIR_FAULTS"] = faults }
        server = nil
        do {
            let server = try ServerProcess(
                directory: directory, arguments: self.arguments + arguments, environment: environment)
            self.server = server
            return try WeirClient(server)
        } catch let ended as ServerProcess.Ended {
            logs.append(ended.log)
            throw ended
        }
    }

    /// A new connection to the running server.
    func client() throws -> WeirClient {
        guard let server else { throw HarnessError("no server runs") }
        return try WeirClient(server)
    }

    /// Waits for the server's end and keeps its log.
    @discardableResult
    func waitForEnd(seconds: Double = 40) throws -> Int32 {
        guard let server else { throw HarnessError("no server runs") }
        let code = try server.wait(seconds: seconds)
        logs.append(server.log)
        self.server = nil
        return code
    }

    /// Kills the server.
    func kill() throws {
        server?.signal(SIGKILL)
        if server != nil { try waitForEnd() }
    }

    /// Ends the server in peace.
    ///
    /// - Returns: its exit code.
    @discardableResult
    func terminate() throws -> Int32 {
        server?.signal(SIGTERM)
        return try waitForEnd()
    }

    /// What the last server that has ended wrote.
    var lastLog: String { logs.last ?? "" }

    // MARK: Sending

    /// Sends a batch and tells the oracle what became of it.
    ///
    /// - Returns: the status; 0 when there was no answer.
    @discardableResult
    func send(_ batch: Batch, over connection: HTTPConnection) throws -> Int {
        let target = "/v1/events?site=\(Victim.site)"
        guard let response = try? connection.request("POST", target, body: batch.body) else { return 0 }
        if response.status == 200 {
            let answer = try response.json()
            let taken = (answer["accepted"]?.int ?? 0) + (answer["duplicate"]?.int ?? 0)
            guard taken == Int64(batch.lines.count) else { throw HarnessError("\(batch.name): \(response.text)") }
            oracle.acknowledge(batch)
        }
        return response.status
    }

    /// Makes batches and sends them one after the other.
    ///
    /// - Returns: the statuses.
    @discardableResult
    func send(batches: Int, events: ClosedRange<Int> = 1...20, _ generator: inout SeededGenerator) throws -> [Int] {
        guard let connection = try? client().connection else { return [] }
        var statuses: [Int] = []
        for _ in 0..<batches {
            let status = try send(oracle.begin(&generator, events: events), over: connection)
            statuses.append(status)
            if status == 0 { break }
        }
        return statuses
    }

    /// Sends again what was not answered, and some of what was.
    func repeatBatches(_ generator: inout SeededGenerator) throws {
        let connection = try client().connection
        for batch in oracle.toRepeat(&generator) { try send(batch, over: connection) }
    }

    // MARK: Watching

    /// What is wrong with what the running server shows.
    func problems() throws -> [String] {
        try oracle.problems(try client(), site: Victim.site)
    }

    /// Starts the server as it should be and looks at everything; then kills it, starts it again, and looks whether
    /// that has changed anything. It runs when this returns.
    func problemsAfterRestart() throws -> [String] {
        var problems: [String] = []
        let first = try oracle.visible(start(), site: Victim.site)
        problems += try self.problems().map { "after the restart: \($0)" }
        try kill()
        let second = try oracle.visible(start(), site: Victim.site)
        if first != second {
            problems.append("a second restart changed what is there by \(first.symmetricDifference(second).sorted())")
        }
        problems += try self.problems().map { "after a second restart: \($0)" }
        return problems
    }

    /// Lines that should not be in a log: of the levels error and critical, and all that a crash leaves.
    static func suspicious(_ log: String, allowing allowed: [String] = []) -> [String] {
        log.split(separator: "\n").map(String.init).filter { line in
            let words = line.split(separator: " ", maxSplits: 2)
            let isSerious = words.count == 3 && (words[1] == "error" || words[1] == "critical")
            let isCrash = ["Assertion `", "Fatal error:", "*** Signal", "terminate called", "*** Program crashed"]
                .contains { line.contains($0) }
            return isCrash || isSerious && !allowed.contains { line.contains($0) }
        }
    }

    /// The same of all servers that have ended.
    func suspiciousLines(allowing allowed: [String] = []) -> [String] {
        logs.flatMap { Victim.suspicious($0, allowing: allowed) }
    }
}
