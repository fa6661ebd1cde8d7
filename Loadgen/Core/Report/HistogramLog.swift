import Foundation
import Histogram
import Synchronization

/// Writes one histogram an interval in HdrHistogram's log format, version 1.3, which its tools plot and sum up.
///
/// Values are microseconds; the column of the interval's maximum is in milliseconds.
public final class HistogramLog: Sendable {
    private let file: SystemFile
    private let lastTime = Mutex<Double>(0)

    /// Creates the file and writes the head.
    ///
    /// - Parameter startTime: Seconds since 1970 at which the run starts; intervals count from there.
    public init(path: String, startTime: Double) throws(FileError) {
        file = try SystemFile.writing(path)
        let date = Date(timeIntervalSince1970: startTime).formatted(.iso8601)
        let seconds = RunReport.decimal(startTime, digits: 3)
        let head = """
            #[Latencies in microseconds, from when each request was due, written by loadgen]
            #[Histogram log format version 1.3]
            #[StartTime: \(seconds) (seconds since epoch), \(date)]
            #[BaseTime: \(seconds) (seconds since epoch)]
            "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"

            """
        try file.write(Array(head.utf8))
    }

    /// Writes one interval's histograms, one a kind of traffic.
    ///
    /// - Parameter end: The interval's end in seconds since the run's start; it begins where the last one ended.
    func append(_ histograms: [(tag: String, histogram: Latencies)], end: Double) throws {
        let start = lastTime.withLock { last in
            defer { last = end }
            return last
        }
        for (tag, histogram) in histograms {
            let columns = [
                "Tag=\(tag)", RunReport.decimal(start, digits: 3), RunReport.decimal(end - start, digits: 3),
                RunReport.decimal(Double(histogram.totalCount > 0 ? histogram.max : 0) / 1000, digits: 3),
                try HistogramCode.encode(histogram),
            ]
            try file.write(Array((columns.joined(separator: ",") + "\n").utf8))
        }
    }
}
