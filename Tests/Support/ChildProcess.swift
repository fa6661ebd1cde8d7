import Foundation
import Glibc
import Synchronization

/// A program that a test starts and ends.
///
/// Its two outputs go to files, so that it can never wait for a reader.
public final class ChildProcess: Sendable {
    /// The process's id.
    public let identifier: pid_t
    private let folder: TemporaryFolder
    private let ended = Mutex<Int32?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: the program.
    ///   - arguments: without the program's own name.
    ///   - environment: what is added to the test's environment, from which everything named `WEIR_…` is taken out.
    public init(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        folder = try TemporaryFolder("process")
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("WEIR_") }
        variables.merge(environment) { _, new in new }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder.path + "/out", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder.path + "/err", O_WRONLY | O_CREAT | O_APPEND, 0o600)

        // Threads of a pool block signals, and a child would inherit that: SIGTERM would never reach it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + settings { free(pointer) } }
        var started: pid_t = 0
        let failure = posix_spawn(&started, path, &actions, &attributes, &words, &settings)
        guard failure == 0 else { throw HarnessError("cannot start \(path): \(String(cString: strerror(failure)))") }
        identifier = started
    }

    deinit {
        if exitCode == nil {
            kill(SIGKILL)
            _ = try? wait(seconds: 10)
        }
    }

    /// What it has written to its standard output.
    public var output: String { content("out") }

    /// What it has written to its standard error.
    public var errors: String { content("err") }

    private func content(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: folder.path + "/" + name) ?? Data(), as: UTF8.self)
    }

    /// Its exit code, 128 plus the number of the signal that ended it, or `nil` while it runs.
    public var exitCode: Int32? {
        ended.withLock { known in
            if known != nil { return known }
            var status: Int32 = 0
            guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
            let signal = status & 0x7F
            known = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
            return known
        }
    }

    /// Sends a signal, unless it has ended.
    public func kill(_ signal: Int32) {
        if exitCode == nil { Glibc.kill(identifier, signal) }
    }

    /// Waits for its end.
    ///
    /// - Returns: ``exitCode``.
    /// - Throws: when it still runs after that time.
    @discardableResult
    public func wait(seconds: Double) throws -> Int32 {
        try Deadline.poll(seconds: seconds, "process \(identifier) to end; it says: \(errors.suffix(2000))") {
            exitCode
        }
    }

    /// Runs a program to its end.
    public static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], seconds: Double = 60
    ) throws -> (exitCode: Int32, output: String, errors: String) {
        let process = try ChildProcess(path, arguments, environment: environment)
        let code = try process.wait(seconds: seconds)
        return (code, process.output, process.errors)
    }
}

/// Waiting for something that must happen.
public enum Deadline {
    /// Asks every 5 ms until there is an answer.
    ///
    /// - Throws: a ``HarnessError`` that names what was waited for, when the time is over.
    @discardableResult
    public static func poll<Answer>(
        seconds: Double, _ what: @autoclosure () -> String, _ ask: () throws -> Answer?
    ) throws -> Answer {
        let end = ContinuousClock.now.advanced(by: .seconds(seconds))
        while true {
            if let answer = try ask() { return answer }
            guard ContinuousClock.now < end else { throw HarnessError("waited \(seconds) s for \(what())") }
            usleep(5000)
        }
    }
}

/// Runs a closure on several threads of its own, since what tests do with sockets blocks.
///
/// - Throws: the first error that one of them throws, after all have ended.
public func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failure = FirstError()
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread.detachNewThread {
            defer { group.leave() }
            do { try body(index) } catch { failure.keep(error) }
        }
    }
    group.wait()
    try failure.rethrow()
}

private final class FirstError: Sendable {
    private let error = Mutex<(any Error)?>(nil)

    func keep(_ new: any Error) {
        error.withLock { if $0 == nil { $0 = new } }
    }

    func rethrow() throws {
        if let error = error.withLock({ $0 }) { throw error }
    }
}
