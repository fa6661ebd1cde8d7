import Foundation
import Storage
import TestSupport

/// What a client does so that a server comes by a fault point, again and again until it does not answer any more.
enum Drive: String, Sendable {
    /// Events in flight on several connections.
    case ingest
    /// Events and flushes.
    case seal
    /// The same, so that several segments of a bucket gather, which are compacted, and the old ones deleted.
    case compact
    /// The same again and again, with time in between for what was compacted to be deleted.
    case retire
    case erase
    case deleteSite
    /// Nothing but to start a server whose retention has something to delete.
    case retention
    /// Nothing but to start it.
    case open
    /// The same, with a directory of an older format.
    case upgrade
    case terminate
    case backup

    /// What reaches a point. A new point has to be told here how.
    init(to point: FaultPoint) {
        self =
            switch point {
            case .ingestParsed, .commitBegin, .commitWrite, .commitWritten, .ackSent: .ingest
            case .sealBegin, .sealEncoded, .sealCommit, .sealCommitted: .seal
            case .compactBegin, .compactPart, .compactCommit, .compactCommitted: .compact
            case .retireDelete: .retire
            case .retentionDelete: .retention
            case .eraseCommit, .eraseCommitted: .erase
            case .siteDelete: .deleteSite
            case .recoverSites, .recoverSegments, .recoverLog, .recoverIds: .open
            case .upgradeFormat: .upgrade
            case .shutdownDrain: .terminate
            case .backupCopy: .backup
            }
    }

    /// Which hits of its points a process comes by: how often, and how soon.
    func hits(isLong: Bool) -> [Int] {
        switch self {
        case .ingest, .seal, .erase, .deleteSite: isLong ? [1, 2, 5, 30] : [1, 4]
        case .compact: isLong ? [1, 2, 3] : [1, 2]
        case .retire: isLong ? [1, 2, 3, 4, 6] : [1, 3]
        case .retention, .open, .upgrade, .terminate, .backup: [1]
        }
    }

    /// Arguments of the server.
    func arguments(in folder: TemporaryFolder) throws -> [String] {
        guard self == .retention else { return [] }
        let path = folder.path + "/weir.json"
        try Data(#"{"sites":{"short":{"retention":"1d"}}}"#.utf8).write(to: URL(fileURLWithPath: path))
        return ["--config", path, "--confirm-retention"]
    }

    /// Keeps a running server busy until it has ended or `isDone` says so.
    ///
    /// - Throws: when neither happens in time.
    func run(_ victim: Victim, _ generator: inout SeededGenerator, until isDone: () throws -> Bool) throws {
        guard let server = victim.server else { return }
        let end = ContinuousClock.now + .seconds(self == .retire ? 60 : 30)
        var round = 0
        while server.isRunning, try !isDone() {
            guard ContinuousClock.now < end else { throw HarnessError("\(self) did not get there in time") }
            round += 1
            // A connection that breaks is what this is about.
            if let client = try? victim.client() { try? step(round, victim, client, &generator) }
        }
    }

    private func step(
        _ round: Int, _ victim: Victim, _ client: WeirClient, _ generator: inout SeededGenerator
    ) throws {
        switch self {
        case .ingest:
            try ingest(victim, seed: generator.next())
        case .seal:
            try victim.send(batches: 2, &generator)
            try client.flush()
        case .compact:
            // Many at first, and then a few more, should not enough have been compacted yet.
            if round <= 30 || round % 20 == 0 {
                // Enough for a segment that is written in several batches.
                try victim.send(batches: 1, events: 50...100, &generator)
                try client.flush()
            }
            usleep(20_000)
        case .retire:
            let before = try client.metrics().sum("weir_compactions_total")
            for _ in 0..<4 {
                try victim.send(batches: 1, &generator)
                try client.flush()
            }
            // Until a compaction has been done and what it replaced is gone.
            _ = try? Deadline.poll(seconds: 3, "a compaction") {
                let metrics = try client.metrics()
                let isDone = metrics.sum("weir_compactions_total") > before && metrics.sum("weir_segments_retired") == 0
                return isDone ? true : nil
            }
        case .erase:
            let visitor = "gone-\(round)"
            try client.send([#"{"event":"a","visitor":"\#(visitor)"}"#], site: "erasing")
            if round % 2 == 0 { try client.flush() }
            _ = try client.connection.request("DELETE", "/v1/visitors/\(visitor)?site=erasing")
            try victim.send(batches: 1, &generator)
        case .deleteSite:
            let site = "doomed-\(round)"
            try client.send([#"{"event":"a","visitor":"v"}"#], site: site)
            if round % 2 == 0 { try client.flush() }
            _ = try client.connection.request("DELETE", "/v1/sites/\(site)")
            try victim.send(batches: 1, &generator)
        case .retention, .open, .upgrade:
            try victim.send(batches: 1, &generator)
            usleep(20_000)
        case .terminate:
            try victim.send(batches: 1, &generator)
            victim.server?.signal(SIGTERM)
            usleep(20_000)
        case .backup:
            try victim.send(batches: 1, &generator)
            _ = try client.connection.request(
                "POST", "/v1/admin/backup", headers: [("Content-Type", "application/json")],
                body: Array(#"{"to":"\#(victim.folder.path)/backup-\#(round)"}"#.utf8))
        }
    }

    /// Several connections at once, so that a commit takes more than one request.
    private func ingest(_ victim: Victim, seed: UInt64) throws {
        try concurrently(3) { index in
            var generator = SeededGenerator(seed: seed &+ UInt64(index))
            try victim.send(batches: 4, events: 1...5, &generator)
        }
    }
}
