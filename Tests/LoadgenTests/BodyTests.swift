import Foundation
import LoadgenCore
import NIOCore
import Testing

@Suite("Bodies of requests")
struct BodyTests {
    private func withFile<Value>(_ text: String, _ body: (String) throws -> Value) throws -> Value {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("loadgen-\(UUID().uuidString).ndjson")
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path)
    }

    /// All bodies of a file as texts, with their numbers of events.
    private func bodies(
        of text: String, batch: Int, byteLimit: Int = .max, events: Int? = nil, blockSize: Int = 4096
    ) throws -> [(text: String, events: Int)] {
        try withFile(text) { path in
            var source = FileBodies(
                try SystemFile.reading(path), batch: batch, byteLimit: byteLimit, events: events, blockSize: blockSize)
            var bodies: [(text: String, events: Int)] = []
            while let body = try source.nextBody() {
                bodies.append((String(buffer: body.bytes), body.events))
            }
            #expect(try source.nextBody() == nil)
            return bodies
        }
    }

    @Test("A file is split at its lines, whatever the size of a block", arguments: [1, 2, 3, 7, 64, 4096])
    func splitting(blockSize: Int) throws {
        let lines = (0..<25).map { String(repeating: "x", count: $0 * 7 % 40 + 1) + "\($0)\n" }
        for batch in [1, 2, 10, 25, 26] {
            let bodies = try bodies(of: lines.joined(), batch: batch, blockSize: blockSize)
            #expect(bodies.map(\.text).joined() == lines.joined())
            #expect(bodies.dropLast().allSatisfy { $0.events == batch })
            #expect(bodies.map(\.events).reduce(0, +) == 25)
            #expect(bodies.allSatisfy { $0.text.hasSuffix("\n") })
        }
    }

    @Test("A last line without a newline counts, empty lines do not", arguments: [1, 5, 4096])
    func ends(blockSize: Int) throws {
        let bodies = try bodies(of: "a\n\n\nb\nc", batch: 2, blockSize: blockSize)
        #expect(bodies.map(\.text) == ["a\n\n\nb\n", "c"])
        #expect(bodies.map(\.events) == [2, 1])
        #expect(try self.bodies(of: "", batch: 2, blockSize: blockSize).isEmpty)
        #expect(try self.bodies(of: "\n\n\n", batch: 2, blockSize: blockSize).isEmpty)
    }

    @Test("No body is longer than its limit, unless a line is", arguments: [1, 16, 4096])
    func byteLimit(blockSize: Int) throws {
        let bodies = try bodies(of: "aaa\nbbb\ncccccccccccccc\nd\ne\nf", batch: 9, byteLimit: 8, blockSize: blockSize)
        #expect(bodies.map(\.text) == ["aaa\nbbb\n", "cccccccccccccc\n", "d\ne\nf"])
        #expect(bodies.map(\.events) == [2, 1, 3])
    }

    @Test("No more lines are taken than asked for")
    func eventLimit() throws {
        let bodies = try bodies(of: "a\nb\nc\nd\n", batch: 2, events: 3)
        #expect(bodies.map(\.text) == ["a\nb\n", "c\n"])
    }

    @Test("A file that is not there is an error with the system's reason")
    func missingFile() {
        #expect(throws: FileError.self) { try SystemFile.reading("/nonexistent/file") }
    }

    @Test(
        "The counts of an answer are found wherever they stand",
        arguments: [
            #"{"accepted": 12, "duplicate": 3, "rejected": 1, "errors": [{"index": 3}]}"#,
            #"{"errors":[{"detail":"\"accepted\": 99"}],"rejected":1,"duplicate":3,"accepted":12}"#,
        ])
    func answers(text: String) throws {
        let counts = try #require(AnswerCounts(Array(text.utf8)))
        #expect(counts.accepted == 12)
        #expect(counts.duplicate == 3)
        #expect(counts.rejected == 1)
    }

    @Test(
        "An answer without all counts is none",
        arguments: ["", "{}", #"{"accepted": 1, "duplicate": 2}"#, #"{"accepted": "x"}"#])
    func badAnswers(text: String) {
        #expect(AnswerCounts(Array(text.utf8)) == nil)
    }
}
