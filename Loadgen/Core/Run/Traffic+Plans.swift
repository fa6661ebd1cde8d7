import NIOCore

extension Traffic {
    /// A sender's work.
    func work(_ options: RunOptions) -> any Work {
        if let replay { return ReplayWork(replay: replay, counter: counter) }
        if let file = file { return FileWork(file: file, counter: counter, batch: batch, schedule: options.pace) }
        var form = IndexedWork.Form.lines
        if case .pixel(let url) = options.target {
            form = .pixel(PixelRequest(prefix: url.prefix, fields: Self.fields(options, host: url.address)))
        }
        guard let indexed else { return NoWork() }
        return IndexedWork(
            stream: indexed, counter: counter, batch: batch, limit: options.events ?? .max, schedule: options.pace,
            form: form)
    }

    /// How events are sent.
    func plan(_ options: RunOptions) -> SenderPlan {
        var addressText = ""
        var head = ""
        var isPixel = false
        switch options.target {
        case .http(let url):
            addressText = url.address.description
            head = Self.head(options, url)
        case .pixel(let url):
            addressText = url.address.description
            isPixel = true
        case .udp(let address): addressText = address.description
        }
        // A second's worth at most, so that events are not much older than their sending where there is no rate.
        let ahead = max(2, min(64, 20_000 / batch, options.connections * 2))
        return SenderPlan(
            address: address, addressText: addressText, head: Array(head.utf8),
            duration: options.duration?.nanoseconds, warmup: options.warmup?.nanoseconds ?? 0,
            patience: LoadRunner.patience, ahead: ahead, dribble: RunOptions.dribble, slowShare: options.slowClients,
            expectsCounts: !isPixel, end: nil, keepsLedger: options.keepsRecord)
    }

    /// How queries are sent.
    func queryPlan(_ options: RunOptions, _ load: RunOptions.QueryLoad, _ address: SocketAddress) -> SenderPlan {
        SenderPlan(
            address: address, addressText: load.url.address.description, head: [],
            duration: options.duration?.nanoseconds, warmup: options.warmup?.nanoseconds ?? 0,
            patience: LoadRunner.patience, ahead: 2, dribble: RunOptions.dribble, slowShare: 0, expectsCounts: false,
            end: end, keepsLedger: false)
    }

    /// The head of a request up to the number of its length.
    private static func head(_ options: RunOptions, _ url: TargetURL) -> String {
        var query: [String] = []
        if options.backfill { query.append("backfill=true") }
        if let site = options.site { query.append("site=" + percentEncoded(site)) }
        let type = options.batch == 1 ? "application/json" : "application/x-ndjson"
        let hasType = options.headers.contains { $0.name.lowercased() == "content-type" }
        return "POST \(url.prefix)/v1/events\(query.isEmpty ? "" : "?" + query.joined(separator: "&")) HTTP/1.1\r\n"
            + fields(options, host: url.address) + (hasType ? "" : "Content-Type: \(type)\r\n") + "Content-Length: "
    }

    /// The fields that all requests have, each with its line's end.
    static func fields(_ options: RunOptions, host: HostPort) -> String {
        let own = options.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let names = Set(options.headers.map { $0.name.lowercased() })
        return (names.contains("host") ? "" : "Host: \(host)\r\n")
            + (names.contains("user-agent") ? "" : "User-Agent: loadgen\r\n") + own
    }

    static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
