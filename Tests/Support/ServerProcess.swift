import Foundation
import Glibc

/// The real server as a process of its own, on free ports.
public final class ServerProcess: Sendable {
    /// Where it keeps its data.
    public let directory: String
    /// Its HTTP port on the loopback address.
    public let port: UInt16
    /// Its UDP port on the loopback address.
    public let datagramPort: UInt16
    private let process: ChildProcess

    /// Starts a server on a directory and waits until it accepts traffic.
    ///
    /// - Parameter files: how many files it may have open; `nil` for what this process may.
    /// - Throws: ``Ended`` when it ends; a ``HarnessError`` when it does not say in time that it listens. Both hold what
    ///   it wrote.
    public init(
        directory: String, arguments: [String] = [], environment: [String: String] = [:], files: Int? = nil,
        seconds: Double = 30
    ) throws {
        self.directory = directory
        let program = try Repository.program("weir")
        let serve = ["serve", "--data", directory, "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"] + arguments
        let limited = files.map { ["-c", "ulimit -n \($0) && exec \"$0\" \"$@\"", program] }
        let process = try ChildProcess(
            limited == nil ? program : "/bin/sh", (limited ?? []) + serve, environment: environment)
        let ports = try Deadline.poll(seconds: seconds, "the server to listen; it says: \(process.errors.suffix(2000))")
        {
            if let code = process.exitCode {
                throw Ended(exitCode: code, output: process.output, log: process.errors)
            }
            return ServerProcess.ports(process.output)
        }
        self.process = process
        (port, datagramPort) = ports
    }

    /// A server that ended before it accepted traffic.
    public struct Ended: Error, CustomStringConvertible {
        /// 128 plus the number of the signal, where one ended it.
        public let exitCode: Int32
        /// What it wrote to its standard output.
        public let output: String
        /// What it wrote to its standard error.
        public let log: String

        public var description: String { "the server ended with \(exitCode): \(output) \(log.suffix(4000))" }
    }

    /// Its exit code, 128 plus the number of the signal that ended it, or `nil` while it runs.
    public var exitCode: Int32? { process.exitCode }

    /// Its process id.
    public var processID: Int32 { process.identifier }

    /// Waits for its end.
    ///
    /// - Returns: ``exitCode``.
    /// - Throws: when it still runs after that time.
    @discardableResult
    public func wait(seconds: Double) throws -> Int32 { try process.wait(seconds: seconds) }

    /// The two ports of a complete line `listening http=HOST:PORT udp=HOST:PORT`.
    private static func ports(_ output: String) -> (UInt16, UInt16)? {
        for line in output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "listening", words[1].hasPrefix("http="), words[2].hasPrefix("udp="),
                let http = words[1].split(separator: ":").last.flatMap({ UInt16($0) }),
                let datagrams = words[2].split(separator: ":").last.flatMap({ UInt16($0) })
            else { continue }
            return (http, datagrams)
        }
        return nil
    }

    /// The base address for clients.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Whether the process still runs.
    public var isRunning: Bool { process.exitCode == nil }

    /// What it has written to its standard error.
    public var log: String { process.errors }

    /// What it has written to its standard output.
    public var output: String { process.output }

    /// A new connection to it.
    public func connect() throws -> HTTPConnection {
        try HTTPConnection(port: port)
    }

    /// Ends it without any warning, as a power cut would, and waits until it is gone.
    public func kill() throws {
        process.kill(SIGKILL)
        try process.wait(seconds: 10)
    }

    /// Asks it to end and waits.
    ///
    /// - Returns: its exit code.
    @discardableResult
    public func terminate(signal: Int32 = SIGTERM, seconds: Double = 40) throws -> Int32 {
        process.kill(signal)
        return try process.wait(seconds: seconds)
    }

    /// Sends a signal and does not wait.
    public func signal(_ signal: Int32) {
        process.kill(signal)
    }
}
