import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What a process and its directory take at one moment.
public struct ProcessSample: Sendable, Codable, Equatable {
    /// Seconds since the first sample.
    public var seconds: Double
    /// Resident memory in bytes.
    public var residentBytes: Int
    /// Open file descriptors.
    public var descriptors: Int
    /// Bytes of all files of the directory.
    public var diskBytes: Int
    /// Events that the server has acknowledged so far.
    public var events: Int
    /// The 99th percentile of the latencies since the last sample, in milliseconds.
    public var p99: Double?

    private enum CodingKeys: String, CodingKey {
        case seconds, descriptors, events, p99
        case residentBytes = "resident_bytes"
        case diskBytes = "disk_bytes"
    }

    /// A sample.
    public init(
        seconds: Double, residentBytes: Int, descriptors: Int, diskBytes: Int, events: Int, p99: Double? = nil
    ) {
        self.seconds = seconds
        self.residentBytes = residentBytes
        self.descriptors = descriptors
        self.diskBytes = diskBytes
        self.events = events
        self.p99 = p99
    }
}

/// Looks at a running process of this machine through `/proc`.
struct ProcessProbe: Sendable {
    let processID: Int32
    let directory: String

    /// What it takes now.
    ///
    /// - Throws: ``RunError`` when the process is gone or not ours to look at.
    func sample(seconds: Double, events: Int, p99: Double?) throws(RunError) -> ProcessSample {
        let manager = FileManager.default
        guard let status = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap({ Int($0) }),
            let descriptors = try? manager.contentsOfDirectory(atPath: "/proc/\(processID)/fd")
        else { throw .system(reason: "process \(processID) is gone, or not ours to look at") }
        return ProcessSample(
            seconds: seconds, residentBytes: kilobytes * 1024, descriptors: descriptors.count,
            diskBytes: Self.bytes(of: directory), events: events, p99: p99)
    }

    /// The sizes of all files of a directory; files may come and go meanwhile.
    private static func bytes(of directory: String) -> Int {
        guard let files = FileManager.default.enumerator(atPath: directory) else { return 0 }
        var sum = 0
        while files.nextObject() != nil {
            if files.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
                sum += (files.fileAttributes?[.size] as? Int) ?? 0
            }
        }
        return sum
    }
}
