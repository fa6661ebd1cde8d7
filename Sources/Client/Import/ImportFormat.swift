/// How the records of a file are written.
public enum ImportFormat: String, Sendable, CaseIterable {
    /// Told from the file's name, or else from its first byte.
    case auto
    /// One JSON object a line.
    case ndjson
    /// RFC 4180 with a header row.
    case csv
    /// An access log of a web server, in the common or combined format.
    case accessLog = "access-log"

    /// The format a file's name tells, under the ending of a compression; `nil` if it tells none.
    public static func named(_ file: String) -> ImportFormat? {
        var name = file.lowercased()[...]
        for ending in [".gz", ".zst"] where name.hasSuffix(ending) { name = name.dropLast(ending.count) }
        if [".ndjson", ".jsonl", ".json"].contains(where: { name.hasSuffix($0) }) { return .ndjson }
        if [".csv", ".tsv"].contains(where: { name.hasSuffix($0) }) { return .csv }
        if name.hasSuffix(".log") { return .accessLog }
        return nil
    }

    /// The format of a file's first bytes: JSON begins with a brace or a bracket, and a line of an access log is one.
    static func sniffed(_ bytes: UnsafeRawBufferPointer) -> ImportFormat {
        let first = bytes.first { !" \t\r\n".utf8.contains($0) && ![0xef, 0xbb, 0xbf].contains($0) }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return .ndjson }
        let line = UnsafeRawBufferPointer(rebasing: bytes.prefix { $0 != UInt8(ascii: "\n") })
        return (try? AccessLogLine(line)) != nil ? .accessLog : .csv
    }
}
