import Foundation
import LoadgenCore
import TestSupport
import Testing

@Suite("Proving what a server holds", .serialized, .timeLimit(.minutes(5)))
struct VerifyTests {
    private let events = 30_000

    private func stream(_ site: String) -> StreamOptions {
        var options = LoadRunner.stream(rate: 0, visitors: 2000, seed: 20_261_123, site: site)
        options.origin = Int64(Date.now.timeIntervalSince1970 * 1000) - 60_000
        options.isNumbered = true
        return options
    }

    /// The lines of the stream.
    private func lines(_ options: StreamOptions) throws -> [String] {
        var stream = try IndexedStream(options)
        return (0..<events).map { position in
            var bytes: [UInt8] = []
            stream.append(position, into: &bytes)
            return String(decoding: bytes.dropLast(), as: UTF8.self)
        }
    }

    /// Sends the lines to a new site, with something planted, and compares with what the seed says.
    private func verification(
        _ site: String, _ server: ServerProcess, plant: (inout [String], IndexedStream) throws -> Void
    ) throws -> Verification {
        let options = stream(site)
        var lines = try lines(options)
        try plant(&lines, try IndexedStream(options))
        let client = try WeirClient(server)
        var start = 0
        while start < lines.count {
            try client.send(Array(lines[start..<min(start + 5000, lines.count)]), backfill: false)
            start += 5000
        }
        let url = try #require(TargetURL(server.url))
        return try Verifier(RunRecord(stream: options, events: events), client: try ServerClient(url)).verify()
    }

    @Test("What is as it should be is proven; a lost event, a doubled one and a wrong funnel are found")
    func canaries() throws {
        let folder = try TemporaryFolder("verify")
        let server = try ServerProcess(directory: folder.path)
        let sound = try verification("sound", server) { _, _ in }
        #expect(sound.differences == [])
        #expect(sound.visible == events && sound.acknowledged == events && sound.answers == 9)

        let lost = try verification("lost", server) { lines, _ in lines.remove(at: 12_345) }
        #expect(lost.differences.count == 1)
        #expect(lost.differences.first?.hasPrefix("lost: event 12345 (") == true)
        #expect(lost.visible == events - 1)

        let doubled = try verification("doubled", server) { lines, _ in
            // The same event with another id, as if it had not been recognised.
            lines.append(lines[777].replacing(#""id":"e"#, with: #""id":"x"#))
        }
        #expect(doubled.differences.contains { $0.hasPrefix("doubled: event 777 (") })
        #expect(doubled.differences.contains { $0.hasPrefix("answer: events of site doubled: \(events + 1) instead") })

        let foreign = try verification("foreign", server) { lines, _ in
            lines.append(#"{"event":"page_view","visitor":"somebody","site":"foreign"}"#)
        }
        #expect(foreign.differences.contains { $0.hasPrefix("answer: events of site foreign") })

        let misplaced = try verification("funnel", server) { lines, stream in
            // The same number of events, visitors and sums: only the order of one visitor's steps is another.
            let victim = try #require(Self.convert(stream, events))
            lines[victim] = lines[victim].replacing(#""event":"add_to_cart""#, with: #""event":"add_to_curt""#)
        }
        #expect(!misplaced.differences.isEmpty)
        #expect(misplaced.differences.allSatisfy { $0.hasPrefix("answer: visitors of site funnel that come to") })
        try server.terminate()
    }

    /// The only add_to_cart of a visitor who had looked at an item before.
    private static func convert(_ stream: IndexedStream, _ events: Int) -> Int? {
        var carts: [UInt32: [Int]] = [:]
        for number in 0..<events {
            let event = stream.event(numbered: number)
            if event.name == "add_to_cart" { carts[event.visitor, default: []].append(number) }
        }
        return carts.values.filter { $0.count == 1 }.map { $0[0] }.min()
    }

    @Test("A run with faults of every kind is proven, whatever came of each request")
    func faults() async throws {
        let folder = try TemporaryFolder("verify")
        let server = try ServerProcess(directory: folder.path)
        let url = try #require(TargetURL(server.url))
        var stream = LoadRunner.stream(rate: 0, visitors: 3000, seed: 99, site: "faulty")
        stream.sites = 5
        stream.bots = 0.1
        stream.faults.duplicates = 0.05
        stream.faults.bad = 0.03
        stream.faults.late = 0.1
        stream.faults.lateBy = 3_600_000
        stream.faults.skewed = 0.2
        stream.faults.skewedBy = 60_000
        stream.faults.reorder = 512
        var options = RunOptions(target: .http(url), source: .generated(stream))
        options.events = 10_001
        options.batch = 100
        options.slowClients = 0.25
        options.keepsRecord = true
        let outcome = try await LoadRunner(options).runAndRecord()
        let record = try #require(outcome.record)
        #expect(outcome.report.rejected > 200)
        #expect(outcome.report.duplicate > 300)
        let copy = try JSONDecoder().decode(RunRecord.self, from: JSONEncoder().encode(record))
        #expect(copy == record)
        let verification = try Verifier(copy, client: try ServerClient(url)).verify()
        #expect(verification.differences == [])
        #expect(verification.acknowledged == verification.visible && verification.visible > 9000)
        try server.terminate()
    }

    @Test("A run verifies itself from the command line, and its record does after a kill")
    func commandLine() throws {
        let folder = try TemporaryFolder("verify")
        let record = folder.path + ".record"
        defer { try? FileManager.default.removeItem(atPath: record) }
        let server = try ServerProcess(directory: folder.path)
        let run = try ChildProcess(
            try Repository.program("loadgen"),
            [
                "run", "--url", server.url, "--events", "3000", "--batch", "1", "-c", "8", "--site", "line", "--verify",
                "--record", record,
            ])
        #expect(try run.wait(seconds: 60) == 0)
        #expect(run.output.contains("verified: 3,000 acknowledged"))
        try server.kill()
        let again = try ServerProcess(directory: folder.path)
        let verify = try ChildProcess(
            try Repository.program("loadgen"), ["verify", "--url", again.url, "--record", record])
        #expect(try verify.wait(seconds: 60) == 0)
        try WeirClient(again).send([#"{"event":"x","visitor":"y","site":"line"}"#])
        let found = try ChildProcess(
            try Repository.program("loadgen"), ["verify", "--url", again.url, "--record", record])
        #expect(try found.wait(seconds: 60) == 1)
        #expect(found.output.contains("not verified"))
        try again.terminate()
    }
}
