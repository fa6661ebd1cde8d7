import Foundation
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    /// Acknowledged is durable and counted once, whenever the process dies.
    @Suite("A server that is killed under load", .timeLimit(.minutes(20)))
    struct CrashTests {
        private static let site = "crash"
        private static let writers = 3

        @Test("A2: acknowledged batches are whole, others whole or absent, and no event counts twice")
        func killed() throws {
            let seed = testSeed()
            let rounds = setting("WEIR_CRASH_ROUNDS", default: 50)
            let server = try TestServer()
            let ledger = Ledger()
            for round in 0..<rounds {
                var generator = SeededGenerator(seed: seed &+ UInt64(round))
                let delay = Double.random(in: 0.05...0.8, using: &generator)
                try load(server.process, ledger, seed: generator.next(), flushes: round % 3 == 2) { process in
                    usleep(UInt32(delay * 1_000_000))
                    try process.kill()
                }
                try server.start()
                try expectLedger(server, ledger, "seed \(seed), round \(round)")
                try resend(server, ledger, &generator, "seed \(seed), round \(round)")
            }
            try server.client.flush()
            try expectLedger(server, ledger, "seed \(seed), sealed")
            try expectEveryEventOnce(server, ledger, "seed \(seed)")
            try server.expectSound()
            #expect(ledger.acknowledged.count > rounds, "the load was too small to prove anything")
        }

        @Test("SIGTERM under load ends with 0 and loses nothing that was acknowledged", arguments: [SIGTERM, SIGINT])
        func terminated(signal: Int32) throws {
            let server = try TestServer()
            let ledger = Ledger()
            for round in 0..<3 {
                try load(server.process, ledger, seed: UInt64(round), flushes: round == 1) { process in
                    usleep(400_000)
                    let code = try process.terminate(signal: signal)
                    guard code == 0 else { throw HarnessError("exit \(code): \(process.log.suffix(2000))") }
                }
                try server.start()
                try expectLedger(server, ledger, "round \(round)")
            }
            try expectEveryEventOnce(server, ledger, "at the end")
        }

        /// Runs writers against a server until its end.
        private func load(
            _ process: ServerProcess, _ ledger: Ledger, seed: UInt64, flushes: Bool,
            end: @escaping @Sendable (ServerProcess) throws -> Void
        ) throws {
            try concurrently(CrashTests.writers + 2) { index in
                if index == CrashTests.writers {
                    // Whatever happens, the writers must see an end.
                    defer { process.signal(SIGKILL) }
                    try end(process)
                } else if index > CrashTests.writers {
                    while flushes, process.isRunning {
                        try? WeirClient(process).flush()
                        usleep(50_000)
                    }
                } else {
                    var generator = SeededGenerator(seed: seed &+ UInt64(index))
                    guard let connection = try? process.connect() else { return }
                    while process.isRunning {
                        let batch = ledger.begin(&generator)
                        // A connection that breaks leaves the batch unanswered, which is what this is about.
                        guard let response = try? CrashTests.post(batch, connection) else { return }
                        switch response.status {
                        case 200: ledger.acknowledge(batch)
                        case 429, 503: usleep(20_000)
                        default: throw HarnessError("a batch: \(response.status) \(response.text)")
                        }
                        usleep(2000)
                    }
                }
            }
        }

        private static func post(_ batch: Batch, _ connection: HTTPConnection) throws -> HTTPResponse {
            try connection.request("POST", "/v1/events?site=\(site)", body: Array(batch.body.utf8))
        }

        /// A client repeats what was not answered, and sometimes what was: nothing may count twice.
        private func resend(
            _ server: TestServer, _ ledger: Ledger, _ generator: inout SeededGenerator, _ moment: String
        ) throws {
            for batch in ledger.sample(5, &generator) {
                let response = try CrashTests.post(batch, server.client.connection)
                let answer = try response.json()
                let known = ledger.acknowledged.contains(batch.name)
                #expect(response.status == 200, "\(moment)")
                #expect(
                    (answer["accepted"]?.int ?? 0) + (answer["duplicate"]?.int ?? 0) == Int64(batch.size), "\(moment)")
                if known { #expect(answer["accepted"]?.int == 0, "\(moment), \(batch.name)") }
                ledger.acknowledge(batch)
            }
        }

        /// acknowledged ⊆ visible ⊆ sent, and every visible batch whole.
        private func expectLedger(_ server: TestServer, _ ledger: Ledger, _ moment: String) throws {
            let answer = try server.client.query(
                "top", ["range": "all", "by": "props.batch", "metrics": ["events"], "limit": 100_000],
                site: CrashTests.site)
            var visible: [String: Int] = [:]
            for row in answer["rows"]?.array ?? [] {
                visible[row["key"]?.array?.first?.text ?? "?"] = Int(row["events"]?.int ?? -1)
            }
            let sent = ledger.sent
            let wrong = visible.filter { sent[$0.key]?.size != $0.value }
            #expect(wrong.count == 0, "\(moment): torn, doubled or never sent: \(wrong.keys.sorted().prefix(5))")
            let lost = ledger.acknowledged.subtracting(visible.keys)
            #expect(lost.count == 0, "\(moment): acknowledged and gone: \(lost.sorted().prefix(5))")
        }

        private func expectEveryEventOnce(_ server: TestServer, _ ledger: Ledger, _ moment: String) throws {
            let total = try server.count(CrashTests.site)
            let answer = try server.client.query(
                "top", ["range": "all", "by": "props.number", "metrics": ["events"], "limit": 1],
                site: CrashTests.site)
            #expect(answer["distinct"]?.int == total, "\(moment)")
            #expect(answer["rows"]?.array?.first?["events"]?.int == 1, "\(moment)")
        }
    }
}

/// Some events that are sent in one request.
private struct Batch: Sendable {
    let name: String
    let size: Int
    let body: String
}

/// What was sent and what was answered.
private final class Ledger: Sendable {
    private struct State {
        var sent: [String: Batch] = [:]
        var acknowledged: Set<String> = []
    }

    private let state = Mutex(State())

    var sent: [String: Batch] { state.withLock { $0.sent } }
    var acknowledged: Set<String> { state.withLock { $0.acknowledged } }

    /// Makes a batch and notes that it is about to be sent. Its times are spread over six days, so that it falls into
    /// many buckets.
    func begin(_ generator: inout SeededGenerator) -> Batch {
        state.withLock { state in
            let name = "b\(state.sent.count)"
            let size = generator.int(1...30)
            let latest = now()
            let lines = (0..<size).map { index in
                let event: JSON = [
                    "event": "hit", "visitor": .string("v\(generator.int(1...500))"), "id": .string("\(name)/\(index)"),
                    "time": .integer(latest - Int64(generator.int(0...518_400_000))),
                    "props": ["batch": .string(name), "number": .string("\(name)/\(index)")],
                ]
                return event.description
            }
            let batch = Batch(name: name, size: size, body: lines.joined(separator: "\n"))
            state.sent[name] = batch
            return batch
        }
    }

    func acknowledge(_ batch: Batch) {
        _ = state.withLock { $0.acknowledged.insert(batch.name) }
    }

    /// Some batches, and as many that were not answered.
    func sample(_ count: Int, _ generator: inout SeededGenerator) -> [Batch] {
        let (all, known) = state.withLock { ($0.sent, $0.acknowledged) }
        let names = all.keys.sorted().shuffled(using: &generator)
        let unanswered = names.filter { !known.contains($0) }.prefix(count)
        return (names.prefix(count) + unanswered).compactMap { all[$0] }
    }
}
