import ArgumentParser
import Client

/// `weir import`: loads files into a running server.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Load NDJSON or CSV files into a running server.",
        discussion: """
            Files may be compressed with gzip or zstd; - is standard input. They are sent as a backfill, so that events
            of any age are taken. Prints how many events were accepted, were there already, and were rejected; exits 0
            when every request was answered, even if events were rejected, and 1 otherwise.

            CSV needs a header row. A column named like a field of an event is that field, --map gives others a field,
            and columns without one become properties. Empty cells are left out; cells that are exactly a number, true
            or false are sent as such, unless the column is a text by its field.

            Fields: event, visitor, time, id, site, user, session, url, referrer, title, language, screen, user_agent,
            country, value, and props.NAME.

            Times: RFC 3339; YYYY-MM-DD HH:MM:SS[.fff], which is UTC; Unix seconds or milliseconds.

            Without an id, an event that is imported twice is stored twice.

            Example: weir import --map user_id=visitor --map timestamp=time events.csv.gz
            """)

    @Option(help: "The server's address (environment: WEIR_URL; default: \(ClientEnvironment.defaultURL)).")
    var url: String?

    @Option(help: "The site of events that do not name one (environment: WEIR_SITE).")
    var site: String?

    @Option(help: "A key that may write (environment: WEIR_KEY).")
    var key: String?

    @Option(
        name: .customLong("map"), parsing: .singleValue,
        help: ArgumentHelp("Give a CSV column a field of the event; may be repeated.", valueName: "column=field"))
    var mappings: [String] = []

    @Option(help: "How the files are written: auto, ndjson or csv; auto goes by the file's name or first byte.")
    var format = "auto"

    @Option(help: "What stands between the cells of CSV: one character, or tab.")
    var delimiter = ","

    @Option(help: "Events a request, at most; 1 to 5000.")
    var batch = 5000

    @Option(help: "Requests in flight at once; 1 to 64.")
    var concurrency = 4

    @Flag(help: "Print the final counts and the first rejections as JSON.")
    var json = false

    @Argument(help: "Files to load, or - for standard input.")
    var files: [String]

    func validate() throws {
        _ = try options()
    }

    func run() async throws {
        let code = await ImportCommandRunner.run(try options())
        if code != 0 { throw ExitCode(code) }
    }

    /// The options, or a usage error in ArgumentParser's form.
    private func options() throws -> ImportOptions {
        guard let known = ImportFormat(rawValue: format) else {
            throw ValidationError("--format must be auto, ndjson or csv")
        }
        do throws(ClientError) {
            var options = try ImportOptions(
                url: url, site: site, key: key, delimiter: delimiter, batch: batch, concurrency: concurrency,
                files: files, environment: .process)
            options.format = known
            options.mappings = mappings
            options.json = json
            try options.validate()
            return options
        } catch {
            throw ValidationError(error.message)
        }
    }
}
