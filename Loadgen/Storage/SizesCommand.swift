import ArgumentParser
import Storage

/// `storage-bench sizes`.
struct SizesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sizes",
        abstract: "Tells where the bytes of a store's directory are: by part, by column, and in files.")

    @Option(name: .long, help: ArgumentHelp("The store's directory.", valueName: "dir"))
    var data: String

    func run() throws {
        try printJSON(SizesResult(try StoreStats.read(directory: data)))
    }
}

extension SizesResult {
    /// Sorts what the store says of itself by the table's columns.
    init(_ stats: StoreStats) {
        var columns: [String: Share] = [:]
        var parts: [String: Share] = [:]
        func count(_ name: String, _ size: StoreStats.Size, _ shares: inout [String: Share]) {
            shares[name, default: Share(name: name, blocks: 0, bytes: 0, payloadBytes: 0)].blocks += size.blocks
            shares[name]?.bytes += size.stored
            shares[name]?.payloadBytes += size.raw
        }
        for site in stats.sites {
            for (part, size) in site.parts {
                count(part, size, &parts)
                if let column = Self.column(ofPart: part) { count(column, size, &columns) }
            }
            // Headers name the events; nothing else does.
            if let headers = site.groups[.headers] {
                let directories = site.parts["directory"] ?? StoreStats.Size()
                let size = StoreStats.Size(
                    blocks: headers.blocks - directories.blocks, stored: headers.stored - directories.stored,
                    raw: headers.raw - directories.raw)
                count("header", size, &parts)
                count("event", size, &columns)
            }
            for column in site.columns {
                for (part, size) in column.parts {
                    count(part, size, &parts)
                    if part != "rollup" { count(column.name, size, &columns) }
                }
            }
        }
        func sorted(_ shares: [String: Share]) -> [Share] {
            shares.values.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
        }
        func bytes(_ groups: StoreStats.Group...) -> Int {
            groups.reduce(0) { $0 + (stats.groups[$1]?.stored ?? 0) }
        }
        self.init(
            events: stats.sites.reduce(0) { $0 + $1.rows }, segments: stats.sites.reduce(0) { $0 + $1.segments },
            visitors: stats.sites.reduce(0) { $0 + $1.levels.reduce(0) { $0 + $1.visitors } },
            directoryBytes: stats.directoryBytes, writeAheadLogBytes: stats.logBytes,
            groups: stats.groups.map {
                Share(name: $0.rawValue, blocks: $1.blocks, bytes: $1.stored, payloadBytes: $1.raw)
            }
            .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) },
            parts: sorted(parts), columns: sorted(columns), dataBytes: bytes(.headers, .visitors, .events),
            rollupBytes: bytes(.rollups), visitorNameBytes: bytes(.visitorNames))
    }

    /// The column that a part belongs to which is stored once a segment; `nil` for what is in addition to the events.
    private static func column(ofPart part: String) -> String? {
        switch part {
        case "visitor_hashes", "ordinals": "visitor"
        case "times": "time"
        case "values": "value"
        case "directory": "event"
        default: nil
        }
    }
}
