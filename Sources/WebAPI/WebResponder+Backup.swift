import HTTPTypes
import Hummingbird
import Ingest
import NIOCore
import Queries
import Storage

extension WebResponder {
    /// `POST /v1/admin/backup`: copies the store into a new directory on the server's machine and answers when that is
    /// done and durable.
    func backup(_ request: Request, context: WebContext) async throws -> Response {
        let service = try state.backend().service
        try admitServer(request, .admin, context: context)
        try Self.requireProgram(request, instead: "weir backup")
        let path = try Self.target(try await reader.query(request))
        let clock = ContinuousClock()
        let began = clock.now
        let outcome: CopyOutcome
        do throws(BackupError) {
            outcome = try await service.backup(to: path)
        } catch {
            throw Problem(error)
        }
        let (seconds, attoseconds) = (clock.now - began).components
        var text = JSONText()
        text.raw(#"{"to":"#)
        text.string(outcome.path)
        text.raw(#","files":"#)
        text.integer(outcome.files)
        text.raw(#","bytes":"#)
        text.integer(outcome.bytes)
        text.raw(#","took_ms":"#)
        text.integer(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        text.raw("}")
        return .json(text.bytes)
    }

    /// Refuses what a page in a browser can send: a path on this machine is none of its business, even where the page's
    /// name has been made to resolve to this server.
    ///
    /// - Parameter instead: the command that does the same.
    static func requireProgram(_ request: Request, instead command: String) throws(Problem) {
        let type = request.headers[.contentType]?.prefix { $0 != ";" } ?? ""
        guard type.lowercased().filter({ $0 != " " }) == "application/json" else {
            throw Problem(
                415, code: "unsupported_media_type", title: "The body is of a type that is not taken",
                detail: "Send the body with Content-Type: application/json.", closesConnection: true)
        }
        guard request.headers[.origin] == nil else {
            throw Problem(
                403, code: "forbidden_origin", title: "Web pages may not ask for this",
                detail: "The request comes from a web page; use `\(command)`.", closesConnection: true)
        }
    }

    private static func target(_ body: [UInt8]) throws(Problem) -> String {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(body)
        } catch {
            throw Problem(
                400, code: "invalid_json", title: "The body is no JSON",
                detail: "\(error.detail), at byte \(error.position).")
        }
        guard case .object(let members) = value, case .string(let path)? = value["to"], members.count == 1 else {
            throw .invalidParameter("to", #"the body is {"to": "/absolute/path"} and nothing else."#)
        }
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw .invalidParameter("to", "must be the absolute path of a directory on the server's machine.")
        }
        return path
    }
}

extension Problem {
    /// Why there is no backup.
    init(_ error: BackupError) {
        let title = "The store was not backed up"
        switch error {
        case .targetExists:
            self.init(409, code: "backup_target_exists", title: title, detail: "\(error)", field: "to")
        case .targetUnusable:
            self.init(400, code: "backup_target_unusable", title: title, detail: "\(error)", field: "to")
        case .running:
            self.init(
                409, code: "backup_running", title: title, detail: "\(error)",
                retryAfterSeconds: WebLimits.retryAfterSeconds)
        case .damaged, .failed:
            self.init(500, code: "backup_failed", title: title, detail: "\(error)")
        }
    }
}
