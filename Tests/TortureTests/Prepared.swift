import Foundation
import Synchronization
import TestSupport

/// Directories that many tests begin with, made once and then copied.
enum Prepared {
    private static let filled = Mutex<Victim?>(nil)

    /// A store with sealed segments, among them several of one day and one of the site `short`, three days old; log
    /// rows in flight; ids; and several files of RocksDB's. Its last server was killed.
    static func copy(arguments: [String] = []) throws -> Victim {
        let original = try filled.withLock { filled in
            if let filled { return filled }
            let victim = try make()
            filled = victim
            return victim
        }
        return try original.copy(arguments: arguments)
    }

    private static func make() throws -> Victim {
        let victim = try Victim()
        var generator = SeededGenerator(seed: 1)
        for round in 0..<3 {
            let client = try victim.start()
            try victim.send(batches: 4, &generator)
            if round == 0 {
                let time = Int64(Date().timeIntervalSince1970 * 1000) - 3 * 86_400_000
                let line = #"{"event":"old","visitor":"o","time":\#(time)}"#
                try client.send([line, line], site: "short")
            }
            if round < 2 { try client.flush() }
            try victim.send(batches: 2, &generator)
            try victim.kill()
        }
        return victim
    }
}
