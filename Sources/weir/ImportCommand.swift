import ArgumentParser
import Client

/// `weir import`: loads files into a running server.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Load NDJSON, CSV or access log files into a running server.",
        discussion: """
            Files may be compressed with gzip or zstd; - is standard input. They are sent as a backfill, so that events
            of any age are taken. Prints how many events were accepted, were there already, and were rejected; exits 0
            when every request was answered, even if events were rejected, and 1 otherwise.

            CSV needs a header row. A column named like a field of an event is that field, --map gives others a field,
            and columns without one become properties. Empty cells are left out; cells that are exactly a number, true
            or false are sent as such, unless the column is a text by its field.

            Access logs are read in the common and the combined format, with or without the virtual host before it. A
            request is an event: page_view for a GET of a page that was answered (2xx, 304), asset for styles, scripts,
            pictures and fonts, download for documents, archives, sound and film, redirect for 3xx, error for 4xx and
            5xx, request for all else; --skip leaves some out. Method, status and bytes become properties. The visitor
            is a keyed hash of address and user agent, under a random key that is forgotten at the end; --salt gives the
            same visitors in every import, and lets whoever knows it test addresses. The address is not sent.

            Fields: event, visitor, time, id, site, user, session, url, referrer, title, language, screen, user_agent,
            country, value, and props.NAME.

            Times: RFC 3339; YYYY-MM-DD HH:MM:SS[.fff], which is UTC; Unix seconds or milliseconds.

            Without an id, an event that is imported twice is stored twice.

            Examples:
              weir import --map user_id=visitor --map timestamp=time events.csv.gz
              weir import --base-url https://example.com --skip asset /var/log/nginx/access.log.*.gz
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

    @Option(
        help: "How the files are written: auto, ndjson, csv or access-log; auto goes by the file's name or first line.")
    var format = "auto"

    @Option(help: "What stands between the cells of CSV: one character, or tab.")
    var delimiter = ","

    @Option(
        help: ArgumentHelp(
            "Scheme and host of the site that wrote an access log; without, URLs are paths and have no host.",
            valueName: "url"))
    var baseURL: String?

    @Option(help: "What the visitors of access logs are hashed with, 16 bytes or more; keep it secret.")
    var salt: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Leave out requests of an access log by their event; may be repeated.", valueName: "event"))
    var skip: [String] = []

    @Flag(help: "Store nothing; tell what would be taken and what would be rejected, and why.")
    var dryRun = false

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
            throw ValidationError("--format must be auto, ndjson, csv or access-log")
        }
        let skipped = skip.map { RequestKind(rawValue: $0) }
        guard !skipped.contains(nil) else {
            let names = RequestKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--skip must be one of \(names)")
        }
        do throws(ClientError) {
            var options = try ImportOptions(
                url: url, site: site, key: key, delimiter: delimiter, batch: batch, concurrency: concurrency,
                files: files, environment: .process)
            options.format = known
            options.mappings = mappings
            options.json = json
            options.dryRun = dryRun
            options.accessLog.baseURL = baseURL
            options.accessLog.salt = salt
            options.accessLog.skipped = Set(skipped.compactMap { $0 })
            try options.validate()
            return options
        } catch {
            throw ValidationError(error.message)
        }
    }
}
