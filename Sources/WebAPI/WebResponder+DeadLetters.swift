import Access
import Events
import Hummingbird
import Ingest
import Queries
import Storage

extension WebResponder {
    /// `GET /v1/dead-letters`: what a site sent and the server could not take, newest first, in pages, and how much there is
    /// of each reason.
    func deadLetters(_ request: Request, context: WebContext) async throws -> Response {
        let service = try state.backend().service
        let query = QueryString(request.uri.query ?? "")
        let site = try admitSite(request, .read, context: context)
        let limit = try query.integer("limit", in: 1...WebLimits.deadLetters, default: 100)
        var before: UInt64?
        if let text = query["cursor"], !text.isEmpty {
            guard let sequence = UInt64(text) else {
                throw Problem.invalidParameter("cursor", "must be the `cursor` of the page before.")
            }
            before = sequence
        }
        let reason = query["reason"].flatMap { $0.isEmpty ? nil : $0 }
        let page: DeadLetterPage
        do {
            page = try await gate.run { [before] in
                try service.store.deadLetterPage(
                    site: site, matching: DeadLetterFilter(code: reason), limit: limit, before: before)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Self.storageProblem(error)
        }
        return .json(Self.json(page, site: site))
    }

    /// One page of dead letters. The event is text as it was sent; bytes that are no UTF-8 show as U+FFFD.
    private static func json(_ page: DeadLetterPage, site: String) -> [UInt8] {
        // What anybody may have sent stands in it, so it is written with `<` and `>` escaped, as problems are.
        var text = JSONText()
        text.raw(#"{"site":"#)
        text.string(site)
        text.raw(#","total":"#)
        text.integer(page.totals.reduce(0) { $0 + $1.count })
        text.raw(#","bytes":"#)
        text.integer(page.bytes)
        text.raw(#","reasons":{"#)
        for (position, reason) in page.totals.enumerated() {
            if position > 0 { text.raw(",") }
            text.string(reason.code)
            text.raw(":")
            text.integer(reason.count)
        }
        text.raw(#"},"dead_letters":["#)
        for (position, letter) in page.letters.enumerated() {
            if position > 0 { text.raw(",") }
            write(letter, to: &text)
        }
        text.raw(#"],"cursor":"#)
        if let next = page.next { text.string(String(next)) } else { text.raw("null") }
        text.raw("}")
        return text.bytes
    }

    private static func write(_ letter: DeadLetter, to text: inout JSONText) {
        text.raw(#"{"sequence":"#)
        text.integer(letter.sequence)
        text.raw(#","time":"#)
        text.string(CivilTime.format(letter.time))
        text.raw(#","code":"#)
        text.string(letter.code)
        text.raw(#","detail":"#)
        text.string(letter.detail)
        text.raw(#","transport":"#)
        if letter.transport.isEmpty { text.raw("null") } else { text.string(letter.transport) }
        text.raw(#","bytes":"#)
        text.integer(letter.receivedBytes)
        text.raw(letter.isTruncated ? #","truncated":true,"event":"# : #","truncated":false,"event":"#)
        text.string(String(decoding: letter.event, as: UTF8.self))
        text.raw("}")
    }

    /// `POST /v1/dead-letters/replay`: admits dead letters anew and says what became of them.
    func replayDeadLetters(_ request: Request, context: WebContext) async throws -> Response {
        let service = try state.backend().service
        try Self.refusePages(request)
        let grant = try admit(request, .admin, context: context)
        let order = try Self.replayOrder(try await reader.query(request), keySite: grant.site)
        do {
            try grant.check(site: order.site)
        } catch {
            throw Problem(error)
        }
        let report: ReplayReport?
        do {
            report = try await service.replay(order)
        } catch {
            throw Problem(error)
        }
        guard let report else {
            throw Problem(
                429, code: "replay_in_progress", title: "Another replay is under way",
                detail: "One replay runs at a time; send it again in a moment.",
                retryAfterSeconds: WebLimits.retryAfterSeconds)
        }
        var writer = JSONWriter()
        writer.beginObject()
        for (name, number) in [
            ("accepted", report.accepted), ("duplicate", report.duplicate), ("rejected", report.rejected),
            ("skipped", report.skipped), ("remaining", report.remaining),
        ] {
            writer.key(name)
            writer.integer(number)
        }
        writer.key("errors")
        writer.beginArray()
        for problem in report.errors {
            writer.beginObject()
            writer.key("sequence")
            writer.unsigned(problem.sequence)
            writer.key("code")
            writer.string(problem.code)
            writer.key("detail")
            writer.string(problem.detail)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return .json(writer.bytes)
    }

    /// - Parameter keySite: the site of the request's key, which its letters' events may not leave.
    private static func replayOrder(_ body: [UInt8], keySite: String?) throws(Problem) -> ReplayOrder {
        let document = try DocumentReader(body)
        try document.requireOnly([
            "site", "reason", "ids", "from", "to", "limit", "backfill", "force_schema",
        ])
        let site = try document.string("site").map { (name) throws(Problem) in try QueryString.checked(site: name) }
        var filter = DeadLetterFilter(code: try document.string("reason"))
        if let ids = try document.array("ids") {
            guard ids.count <= WebLimits.replayedLetters else {
                throw Problem.invalidParameter("ids", "may be \(WebLimits.replayedLetters) at most.")
            }
            var sequences: Set<UInt64> = []
            for id in ids {
                guard let number = id.sequence else {
                    throw Problem.invalidParameter("ids", "must be the `sequence` numbers of dead letters.")
                }
                sequences.insert(number)
            }
            filter.sequences = sequences
        }
        filter.from = try document.time("from")
        filter.to = try document.time("to")
        let limit = try document.integer("limit", in: 1...WebLimits.replayedLetters) ?? WebLimits.replayedLetters
        return ReplayOrder(
            site: site ?? keySite ?? "default", filter: filter, limit: limit, backfill: try document.flag("backfill"),
            ignoresSchema: try document.flag("force_schema"), isConfined: keySite != nil)
    }
}

extension JSONValue {
    /// A number of a dead letter, as a number or as text.
    fileprivate var sequence: UInt64? {
        switch self {
        case .integer(let number): UInt64(exactly: number)
        case .unsigned(let number): number
        case .string(let text): UInt64(text)
        default: nil
        }
    }
}
