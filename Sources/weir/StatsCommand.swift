import ArgumentParser
import Client
import Events
import Queries
import Storage

/// `weir stats`: what a store holds and how many bytes it takes.
struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show what a store holds, and the bytes of every column.",
        discussion: """
            Reads only, also beside a running server: then it shows the store of that moment. Bytes are those of Weir's
            blocks; the files of the directory are larger by RocksDB's own bytes and by what it has not cleared away yet.

            With --json: {"directory", "format", "directory_bytes", "files": {"tables", "log", "other"}, "unreadable",
            "groups": {GROUP: SIZE}, "ids": SIZE, "sites": [{"site", "segments", "rows", "first", "last",
            "levels": [{"level", "segments", "rows", "visitors", "first", "last"}], "log_rows", "dead_letters",
            "total": SIZE, "groups": {GROUP: SIZE}, "parts": {PART: SIZE}, "columns": [{"column", "total": SIZE,
            "parts": {PART: SIZE}, "encodings": {NAME: CHUNKS}}]}]}, where a SIZE is {"blocks", "stored", "raw", "ratio"}
            with bytes as stored and before compression. A GROUP is headers, visitors, visitor_names, events (rows and
            dictionaries), rollups, log_rows, ids, dead_letters or erasures. Under "parts" stand those that belong to no
            column (visitor_hashes, visitor_names, ordinals, times, values, directory), and under a column its own
            (dictionary, codes, visitor_codes, column_map, rollup). Visitors are added up over segments. Times are Unix
            milliseconds. Rows are those of sealed segments.
            """)

    @Argument(help: ArgumentHelp("The store's directory, or a backup.", valueName: "dir"))
    var directory: String

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Also show how the chunks of columns are encoded, which takes longer.")
    var encodings = false

    @Option(help: ArgumentHelp("Only this site.", valueName: "name"))
    var site: String?

    func run() throws {
        var stats: StoreStats
        do throws(StorageError) {
            stats = try StoreStats.read(directory: directory, encodings: encodings)
        } catch {
            throw CommandOutput.fail(error.description, code: 2)
        }
        if let site {
            stats.sites.removeAll { !$0.name.utf8.elementsEqual(site.utf8) }
            if stats.sites.isEmpty { throw CommandOutput.fail("There is no site \(site).", code: 2) }
        }
        if json {
            CommandOutput.print(StatsText.json(stats, directory: directory))
        } else {
            for line in StatsText.lines(stats) { Console.process.printLine(line) }
        }
    }
}
