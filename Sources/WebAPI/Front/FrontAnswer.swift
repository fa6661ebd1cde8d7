import Ingest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writes the front's answers as bytes. The two that nearly every request gets are made once a second.
struct FrontAnswer {
    /// An answer's head says whether the connection goes on.
    private struct Pair {
        var keeps: [UInt8] = []
        var closes: [UInt8] = []
    }

    private var accepted = Pair()
    private var pixel = Pair()
    private var second = time_t(-1)
    private var date = ""

    /// Brings the date in the answers up to date.
    mutating func update(now: time_t) {
        guard now != second else { return }
        second = now
        date = Self.date(now)
        let one = WebResponder.json(IngestAnswer(accepted: 1))
        accepted = Pair(
            keeps: events(200, json: one, closes: false), closes: events(200, json: one, closes: true))
        let gif = ["Content-Type: image/gif", "Cache-Control: no-store, no-cache, must-revalidate, private"]
        pixel = Pair(
            keeps: whole(200, fields: gif, body: PixelEvent.gif, closes: false),
            closes: whole(200, fields: gif, body: PixelEvent.gif, closes: true))
    }

    /// The answer to one event that was stored.
    func accepted(closes: Bool) -> [UInt8] { closes ? accepted.closes : accepted.keeps }

    /// The picture, which is the answer to a pixel whatever becomes of its event.
    func pixel(closes: Bool) -> [UInt8] { closes ? pixel.closes : pixel.keeps }

    /// The answer to a body of events.
    func events(_ answer: IngestAnswer, closes: Bool) -> [UInt8] {
        if answer == IngestAnswer(accepted: 1) { return accepted(closes: closes) }
        return events(200, json: WebResponder.json(answer), closes: closes)
    }

    /// A problem document.
    func problem(_ problem: Problem, closes: Bool) -> [UInt8] {
        var fields = ["Content-Type: application/problem+json", "Cache-Control: no-store"]
        if let seconds = problem.retryAfterSeconds { fields.append("Retry-After: \(seconds)") }
        return whole(problem.status, fields: fields, body: problem.json, closes: closes || problem.closesConnection)
    }

    private func events(_ status: Int, json: [UInt8], closes: Bool) -> [UInt8] {
        whole(
            status, fields: ["Content-Type: application/json", "Cache-Control: no-store"], body: json, closes: closes)
    }

    private func whole(_ status: Int, fields: [String], body: [UInt8], closes: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.phrase(status))\r\n"
        for field in fields { head += field + "\r\n" }
        // Pages of every origin may send events; what they may read of the answer is this.
        head += "X-Content-Type-Options: nosniff\r\nAccess-Control-Allow-Origin: *\r\n"
        head += "Content-Length: \(body.count)\r\nDate: \(date)\r\nServer: weir\r\n"
        if closes { head += "Connection: close\r\n" }
        head += "\r\n"
        return Array(head.utf8) + body
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: "Error"
        }
    }

    /// A date, now's unless another is given, as HTTP writes it.
    static func date(_ now: time_t = time(nil)) -> String {
        var now = now
        var parts = tm()
        gmtime_r(&now, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(days[Int(parts.tm_wday) % 7]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon) % 12]) "
            + "\(1900 + Int(parts.tm_year)) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
