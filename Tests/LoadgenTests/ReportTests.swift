import Foundation
import Histogram
import LoadgenCore
import Testing

@Suite("Histograms and merged reports")
struct ReportTests {
    @Test("A histogram comes back from its compressed form")
    func roundTrip() throws {
        var random = RandomSource(seed: 3)
        var histogram = Latencies.latencies()
        for _ in 0..<20_000 { _ = histogram.record(1 + random.next(below: 1 << random.next(below: 31))) }
        let back = try HistogramCode.decode(try HistogramCode.encode(histogram))
        #expect(back.totalCount == histogram.totalCount)
        for percentile in stride(from: 0.0, through: 100, by: 0.5) {
            #expect(
                histogram.valuesAreEquivalent(
                    back.valueAtPercentile(percentile), histogram.valueAtPercentile(percentile)))
        }
        #expect(try HistogramCode.decode(try HistogramCode.encode(.latencies())).totalCount == 0)
    }

    @Test("What HdrHistogram's own library has written is read")
    func golden() throws {
        // hdrhistogram for Python 0.10.3: 3 times 1, 7 times 1500, 2047, twice 2048, 4 times 123456, once an hour.
        let text = "HISTFAAAAC94nJNpmSzMwMAgwAABzFCaEURcm7yEwf4DVIBtszjfYQ4mlv44jstvGJkAvZ0I/g=="
        let histogram = try HistogramCode.decode(text)
        #expect(histogram.totalCount == 18)
        #expect(histogram.countForValue(1) == 3)
        #expect(histogram.countForValue(1500) == 7)
        #expect(histogram.countForValue(2047) == 1)
        #expect(histogram.countForValue(2048) == 2)
        #expect(histogram.countForValue(123_456) == 4)
        #expect(histogram.countForValue(3_599_999_999) == 1)
    }

    @Test("Anything else is no histogram", arguments: ["", "x", "AAAA", "HISTFAAAAC94nJNpmSzMwMAgwA=="])
    func malformed(text: String) {
        #expect(throws: (any Error).self) { try HistogramCode.decode(text) }
    }

    @Test("The log has a line an interval that the format's readers take apart")
    func log() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("loadgen-\(UUID().uuidString).hlog")
        defer { try? FileManager.default.removeItem(at: path) }
        try await TestServer.run { url, _ in
            var options = RunOptions(
                target: .http(url), source: .generated(LoadRunner.stream(rate: 0, visitors: 50, seed: 1, site: nil)))
            options.events = 100
            options.batch = 10
            options.histogramLog = path.path
            _ = try await LoadRunner(options).run()
        }
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.contains("#[Histogram log format version 1.3]"))
        let intervals = lines.filter { $0.hasPrefix("Tag=events,") }
        var count: UInt64 = 0
        for line in intervals {
            let columns = line.split(separator: ",")
            #expect(columns.count == 5)
            count += try HistogramCode.decode(String(columns[4])).totalCount
        }
        #expect(count == 10)
    }

    @Test("Merged percentiles are those of all latencies together")
    func merge() async throws {
        var reports: [RunReport] = []
        for number in 0..<2 {
            try await TestServer.run({ _ in number == 0 ? .accept : .stall(milliseconds: 30) }) { url, _ in
                var options = RunOptions(
                    target: .http(url), source: .generated(LoadRunner.stream(rate: 0, visitors: 50, seed: 1, site: nil))
                )
                options.events = number == 0 ? 90 : 10
                options.batch = 1
                reports.append(try await LoadRunner(options).run())
            }
        }
        // As they come from files.
        reports = try reports.map { try JSONDecoder().decode(RunReport.self, from: JSONEncoder().encode($0)) }
        let merged = try RunReport.merged(reports)
        #expect(merged.accepted == 100)
        #expect(merged.requests == 100)
        #expect(merged.connections == 8)
        let latency = try #require(merged.latencyMilliseconds)
        #expect(latency.max == max(reports[0].latencyMilliseconds?.max ?? 0, reports[1].latencyMilliseconds?.max ?? 0))
        // One in ten is slow: above the 91st percentile, where the mean of both would have been.
        #expect(latency.p99 >= 30)
        #expect(try HistogramCode.decode(try #require(merged.histogram)).totalCount == 100)
        #expect(throws: RunReport.MergeError.nothing) { try RunReport.merged([]) }
    }
}
