import Foundation
import Glibc
import TestSupport

/// The same course of things from start to end, one after the other, so that the Nth file call of one run is about that
/// of the next.
struct Session {
    /// The file calls that change something, with `path` for their files.
    static let changes = "write,fsync,fdatasync,ftruncate,rename,unlink,open,mkdir"
    /// Arguments with which a session writes files of RocksDB's and segments in several batches.
    static let arguments = ["--write-buffer", "64KiB"]

    /// What was answered.
    struct Outcome {
        /// The statuses of the batches, in their order; 0 for none.
        var statuses: [Int] = []
        /// How the server ended before it accepted traffic, if it did.
        var ended: ServerProcess.Ended?
        /// What was wrong with the running server.
        var problems: [String] = []
    }

    /// Starts a server, sends events, seals, erases, and sends more; the server still runs at the end if nothing has
    /// ended it.
    ///
    /// - Parameter watches: whether answers are compared on the way.
    static func run(_ victim: Victim, _ shim: Shim?, seed: UInt64, watches: Bool = false) throws -> Outcome {
        var generator = SeededGenerator(seed: seed)
        var outcome = Outcome()
        do {
            try victim.start(shim: shim)
        } catch let ended as ServerProcess.Ended {
            outcome.ended = ended
            return outcome
        }
        for round in 0..<TortureSize.pick(2, long: 4) {
            outcome.statuses += try victim.send(batches: 2, events: 30...60, &generator)
            let connection = try? victim.client().connection
            _ = try? connection?.request("POST", "/v1/admin/flush", body: [])
            _ = try? connection?.request("DELETE", "/v1/visitors/gone-\(round)?site=\(Victim.site)")
        }
        outcome.statuses += try victim.send(batches: 1, &generator)
        if watches, victim.server?.isRunning == true { outcome.problems = try victim.problems() }
        return outcome
    }

    /// How many calls that a rule matches a session makes until its server has ended.
    static func calls(_ functions: String, path: String = "/data/", seed: UInt64) throws -> Int {
        let victim = try Prepared.copy(arguments: arguments)
        let shim = try Shim("\(functions):path=\(victim.folder.path):path=\(path)")
        let outcome = try run(victim, shim, seed: seed)
        guard outcome.ended == nil, outcome.statuses.allSatisfy({ $0 == 200 }) else {
            throw HarnessError("a session without a fault failed: \(outcome)")
        }
        try victim.terminate()
        return shim.calls()
    }
}
