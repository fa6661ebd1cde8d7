import Client
import Testing

@Suite("Parts of an import")
struct ImportPiecesTests {
    @Test("The server's answer is read, and what is none is not")
    func answer() {
        let answer = IngestAnswer(
            Array(#"{"accepted":2,"duplicate":1,"rejected":1,"errors":[{"index":3,"code":"c","detail":"d"}]}"#.utf8))
        #expect(answer?.accepted == 2)
        #expect(answer?.problems.map(\.index) == [3])
        #expect(answer?.problems.map(\.code) == ["c"])
        #expect(answer?.problems.map(\.detail) == ["d"])
        for text in ["", "{}", "[]", #"{"accepted":-1,"duplicate":0,"rejected":0}"#, "<html>"] {
            #expect(IngestAnswer(Array(text.utf8)) == nil)
        }
    }

    @Test("A wait is at least what the server asks for, never endless, and attempts end")
    func retry() {
        let policy = RetryPolicy()
        #expect(policy.delay(attempt: 1, retryAfter: "2", jitter: 0) == .milliseconds(2000))
        #expect(policy.delay(attempt: 1, retryAfter: "2", jitter: 0.5) == .milliseconds(2500))
        #expect(policy.delay(attempt: 1, retryAfter: "0", jitter: 0) == .milliseconds(100))
        #expect(policy.delay(attempt: 1, retryAfter: "1e300", jitter: 0) == .milliseconds(60_000))
        for text in ["soon", "nan", "-1", "inf", nil] as [String?] {
            #expect(policy.delay(attempt: 1, retryAfter: text, jitter: 0) == .milliseconds(500))
        }
        #expect(policy.delay(attempt: 11, retryAfter: nil, jitter: 0) == .milliseconds(60_000))
        #expect(policy.delay(attempt: 12, retryAfter: "1", jitter: 0) == nil)
        #expect(RetryPolicy.isRetryable(status: 429) && RetryPolicy.isRetryable(status: 503))
        #expect(!RetryPolicy.isRetryable(status: 500) && !RetryPolicy.isRetryable(status: 400))
    }

    @Test("The first rejections are kept in the files' order, whatever order they come in")
    func tally() {
        var tally = ImportTally(files: ["b", "a"])
        for line in (1...30).reversed() {
            var batch = ImportBatch(file: line % 2 == 0 ? "a" : "b")
            batch.rejections = [ImportRejection(file: batch.file, line: line, code: "c", detail: "")]
            tally.addRejections(of: batch)
        }
        #expect(tally.rejected == 30)
        #expect(tally.rejections.map(\.line) == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19])
        #expect(tally.rejections.allSatisfy { $0.file == "b" })
    }

    @Test("The progress line shows share, rate and the time that is left")
    func progress() {
        #expect(
            ProgressLine.text(bytes: 25 << 20, total: 100 << 20, events: 50_000, seconds: 10)
                == "[######..................] 25% of 100 MiB, 50000 events, 5000/s, 30s left")
        #expect(ProgressLine.text(bytes: 2048, total: -1, events: 3, seconds: 0) == "2048 B read, 3 events, 0/s")
        #expect(ProgressLine.text(bytes: 9, total: 5, events: 0, seconds: 1).contains("100%"))
    }

    @Test("Options have bounds")
    func options() {
        let made = try? options(delimiter: "\\t")
        #expect(made?.delimiter == 9)
        #expect(made?.server.base == "http://h:1")
        #expect(made?.site == "s" && made?.key == "k")
        for delimiter in ["ab", "\"", "", "é", "\n"] {
            #expect(throws: ClientError.self) { try options(delimiter: delimiter) }
        }
        for batch in [-1, 0, 5001] { #expect(throws: ClientError.self) { try options(batch: batch) } }
        for concurrency in [0, 65] { #expect(throws: ClientError.self) { try options(concurrency: concurrency) } }
        for files in [[], ["-", "a", "-"]] { #expect(throws: ClientError.self) { try options(files: files) } }
    }

    private func options(
        delimiter: String = ",", batch: Int = 1, concurrency: Int = 1, files: [String] = ["-"]
    ) throws -> ImportOptions {
        try ImportOptions(
            url: nil, site: nil, key: nil, delimiter: delimiter, batch: batch, concurrency: concurrency,
            files: files, environment: ClientEnvironment(url: "http://h:1", site: "s", key: "k"))
    }
}
