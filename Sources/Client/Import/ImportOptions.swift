/// Everything `weir import` is told.
public struct ImportOptions: Sendable {
    /// Where the server listens.
    public var server: ServerAddress
    /// The site of events that do not name one.
    public var site: String?
    /// The key that may write.
    public var key: String?
    /// `COLUMN=FIELD` texts.
    public var mappings: [String] = []
    /// The format of all files.
    public var format: ImportFormat = .auto
    /// How access logs are read.
    public var accessLog = AccessLogOptions()
    /// Whether nothing is stored, and only told what would become of the events.
    public var dryRun = false
    /// What stands between the cells of CSV.
    public var delimiter = UInt8(ascii: ",")
    /// How large a request becomes.
    public var limits = BatchLimits(events: 5000, bytes: 4 << 20)
    /// Requests in flight.
    public var concurrency = 4
    /// The files, `-` for standard input.
    public var files: [String]
    /// Whether the final counts are printed as JSON.
    public var json = false

    /// Creates options with the defaults for everything that may be left out.
    public init(server: ServerAddress, files: [String]) {
        self.server = server
        self.files = files
    }

    /// The options of the command line, with the environment behind them.
    ///
    /// - Parameters:
    ///   - url: `--url`.
    ///   - site: `--site`.
    ///   - key: `--key`.
    ///   - delimiter: `--delimiter`: one byte, or `\t` or `tab`.
    ///   - batch: `--batch`, 1…5000.
    ///   - concurrency: `--concurrency`, 1…64.
    ///   - files: the arguments, at least one.
    ///   - environment: what flags fall back to.
    public init(
        url: String?, site: String?, key: String?, delimiter: String, batch: Int, concurrency: Int,
        files: [String], environment: ClientEnvironment
    ) throws(ClientError) {
        server = try ServerAddress(url ?? environment.url ?? ClientEnvironment.defaultURL)
        self.site = site ?? environment.site
        self.key = key ?? environment.key
        guard (1...5000).contains(batch) else { throw ClientError(.usage, "--batch must be from 1 to 5000") }
        guard (1...64).contains(concurrency) else {
            throw ClientError(.usage, "--concurrency must be from 1 to 64")
        }
        guard !files.isEmpty else { throw ClientError(.usage, "name at least one file, or - for standard input") }
        guard files.count(where: { $0 == "-" }) <= 1 else {
            throw ClientError(.usage, "standard input can be read only once")
        }
        let separator = ["\\t", "tab"].contains(delimiter) ? "\t" : delimiter
        guard let byte = separator.utf8.first, separator.utf8.count == 1, byte < 0x80,
            !"\"\r\n".utf8.contains(byte)
        else {
            throw ClientError(.usage, "--delimiter must be one ASCII character, other than a quote or a line end")
        }
        self.delimiter = byte
        limits.events = batch
        self.concurrency = concurrency
        self.files = files
    }

    /// Checks what needs no file: the mappings, and where a log comes from.
    public func validate() throws(ClientError) {
        _ = try ColumnMapping(mappings)
        if let base = accessLog.baseURL {
            guard ["http://", "https://"].contains(where: { base.hasPrefix($0) && base.count > $0.count }) else {
                throw ClientError(.usage, "--base-url must be a scheme and a host, such as https://example.com")
            }
        }
        if let salt = accessLog.salt, salt.utf8.count < AccessLogOptions.leastSaltBytes {
            throw ClientError(
                .usage,
                "--salt must have at least \(AccessLogOptions.leastSaltBytes) bytes: with a short one, addresses can be "
                    + "found by trying all")
        }
    }
}
