import ArgumentParser
import Foundation

/// `storage-bench report`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Puts what the other commands printed into one table.",
        discussion: """
            Results are read from files of a directory: load.json, sizes.json, ids.json, decode.json, inflight.json, \
            sealed.json, memory.json, big.json, census.json, clickhouse.json. What is missing was not measured.
            """)

    @Option(name: .long, help: ArgumentHelp("The directory of the results.", valueName: "dir"))
    var results: String

    @Option(name: .long, help: ArgumentHelp("ClickHouse's result.", valueName: "file"))
    var clickhouse: String?

    @Option(name: .long, help: ArgumentHelp("Also write the figures as JSON to this file.", valueName: "file"))
    var json: String?

    @Option(name: .long, help: "The machine, in words.")
    var machine = ""

    /// What `--json` writes.
    private struct Document: Codable {
        var machine: String
        var figures: [Figure]
        var load: LoadResult?
        var big: LoadResult?
        var sizes: SizesResult?
        var decode: DecodeResult?
        var clickhouse: ClickHouseResult?
    }

    func run() throws {
        let report = StorageReport(
            load: try read("load"), sizes: try read("sizes"), ids: try read("ids"), decode: try read("decode"),
            inFlight: try read("inflight"), sealed: try read("sealed"), memory: try read("memory"),
            big: try read("big"), census: try read("census"),
            clickHouse: try clickhouse.flatMap { try Self.decode($0) })
        print(report.text(machine: machine), terminator: "")
        guard let json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let document = Document(
            machine: machine, figures: report.figures, load: report.load, big: report.big, sizes: report.sizes,
            decode: report.decode, clickhouse: report.clickHouse)
        try encoder.encode(document).write(to: URL(fileURLWithPath: json))
    }

    private func read<Result: Decodable>(_ name: String) throws -> Result? {
        try Self.decode("\(results)/\(name).json")
    }

    private static func decode<Result: Decodable>(_ path: String) throws -> Result? {
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else { return nil }
        do {
            return try JSONDecoder().decode(Result.self, from: data)
        } catch {
            throw ValidationError("\(path): \(error)")
        }
    }
}
