import Hummingbird
import Ingest
import NIOCore
import Storage

extension WebResponder {
    /// `DELETE /v1/visitors/{visitor}`: erases a visitor from a site.
    ///
    /// - Parameter name: the visitor's id as it stands in the path.
    func eraseVisitor(_ request: Request, name: String, context: WebContext) async throws -> Response {
        let store = try state.backend().service.store
        try Self.refusePages(request)
        let query = QueryString(request.uri.query ?? "")
        let site = try admitSite(request, .admin, context: context)
        try query.requireOnly("site")
        guard let visitor = PathName.decode(name), (1...WebLimits.visitorBytes).contains(visitor.utf8.count) else {
            throw Problem(
                400, code: "invalid_visitor", title: "The visitor's id cannot be used",
                detail: "A visitor's id is 1 to \(WebLimits.visitorBytes) bytes of UTF-8, percent-encoded.",
                field: "visitor")
        }
        let outcome = try await remove { () throws(StorageError) in
            try store.eraseVisitor(site: site, visitor: visitor)
        }
        var text = JSONText()
        text.raw(#"{"erased":true,"events":"#)
        text.integer(outcome.events)
        text.raw(#","dead_letters":"#)
        text.integer(outcome.deadLetters)
        text.raw("}")
        return .json(text.bytes)
    }

    /// `DELETE /v1/sites/{site}`: deletes a site with everything it has.
    ///
    /// - Parameter name: the site's name as it stands in the path.
    func deleteSite(_ request: Request, name: String, context: WebContext) async throws -> Response {
        let store = try state.backend().service.store
        try Self.refusePages(request)
        let query = QueryString(request.uri.query ?? "")
        let named = PathName.decode(name) ?? ""
        _ = try admit(request, .admin, site: named, context: context)
        guard query.parametersWithoutKey.isEmpty else {
            throw Problem.invalidParameter("site", "stands in the path, and nothing else is taken.")
        }
        let site = try QueryString.checked(site: named)
        let deletion = try await remove { () throws(StorageError) in try store.deleteSite(site) }
        guard let deletion else { throw Problem.unknownSite(site) }
        var text = JSONText()
        text.raw(#"{"deleted":true,"events":"#)
        text.integer(deletion.events)
        text.raw(#","dead_letters":"#)
        text.integer(deletion.deadLetters)
        text.raw("}")
        return .json(text.bytes)
    }

    /// `POST /v1/admin/retention`: says what a site's retention has to delete and what of it is held; with
    /// `confirm=true` lets it go.
    func confirmRetention(_ request: Request, context: WebContext) async throws -> Response {
        let store = try state.backend().service.store
        try Self.refusePages(request)
        try Self.refuseBody(request)
        let query = QueryString(request.uri.query ?? "")
        let site = try admitSite(request, .admin, context: context)
        try query.requireOnly("site", "confirm")
        let isConfirmed = try query.flag("confirm")
        let report = try await remove { () throws(StorageError) in
            isConfirmed ? try store.confirmRetention(site: site) : store.retentionReport(site: site)
        }
        guard let report else { throw Problem.unknownSite(site) }
        var text = JSONText()
        text.raw(#"{"retention_ms":"#)
        if let period = report.period { text.integer(period) } else { text.raw("null") }
        text.raw(#","due":{"segments":"#)
        text.integer(report.dueSegments)
        text.raw(#","events":"#)
        text.integer(report.dueEvents)
        text.raw(#"},"held":{"segments":"#)
        text.integer(report.heldSegments)
        text.raw(#","events":"#)
        text.integer(report.heldEvents)
        text.raw(isConfirmed ? #"},"confirmed":true}"# : #"},"confirmed":false}"#)
        return .json(text.bytes)
    }

    /// Refuses what a page in a browser sends: what is removed cannot be got back, and any page may be the sender.
    static func refusePages(_ request: Request) throws(Problem) {
        guard request.headers[.origin] == nil else {
            throw Problem(
                403, code: "forbidden_origin", title: "Web pages may not ask for this",
                detail: "The request comes from a web page; send it from a shell or a server of yours.")
        }
    }

    /// Refuses a body that would be ignored.
    private static func refuseBody(_ request: Request) throws(Problem) {
        let hasLength = (request.headers[.contentLength].flatMap { Int($0) } ?? 0) > 0
        guard !hasLength, request.headers[.transferEncoding] == nil else {
            throw Problem(
                400, code: "unexpected_body", title: "There is no body to be read here",
                detail: "What is meant stands in the URL: ?site=NAME&confirm=true. Send no body.",
                closesConnection: true)
        }
    }

    /// Runs work that waits for maintenance, one at a time.
    private func remove<Result: Sendable>(
        _ work: @escaping @Sendable () throws(StorageError) -> Result
    ) async throws -> Result {
        do {
            return try await removals.run(work)
        } catch StorageError.limit(let detail) {
            throw Problem(
                429, code: "too_many_erasures", title: "Too many erasures wait", detail: detail,
                retryAfterSeconds: WebLimits.erasureRetrySeconds)
        } catch let error as StorageError {
            throw Self.storageProblem(error)
        }
    }
}

extension Problem {
    static func unknownSite(_ site: String) -> Problem {
        Problem(
            404, code: "unknown_site", title: "There is no such site",
            detail: "No event of the site \(site) has been stored.", field: "site")
    }
}
