import Events
import HTTPTypes
import Hummingbird
import Ingest
import NIOCore
import Queries
import Storage

extension WebResponder {
    /// `PUT /v1/sites/{site}/schema`: declares what a site's events must be.
    ///
    /// - Parameter name: the site's name as it stands in the path.
    func putSchema(_ request: Request, name: String, context: WebContext) async throws -> Response {
        let store = try state.backend().service.store
        try Self.refusePages(request)
        let site = try QueryString.checked(site: PathName.decode(name) ?? "")
        _ = try admit(request, .admin, site: site, context: context)
        let (schema, force) = try SchemaDocument.read(try await reader.query(request))
        let declaration: SchemaDeclaration
        do {
            declaration = try await removals.run { try store.declareSchema(schema, site: site, force: force) }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Self.storageProblem(error)
        }
        switch declaration {
        case .breaking(let breaks): return Self.refusal(breaks, site: site)
        case .unchanged(let version): return .json(Self.json(version, changed: false, [], site: site))
        case .declared(let version, let breaks):
            return .json(Self.json(version, changed: true, breaks, site: site))
        }
    }

    /// `GET /v1/sites/{site}/schema`: the schema in force, or a version of it, and which versions there are.
    func getSchema(_ request: Request, name: String, context: WebContext) async throws -> Response {
        let store = try state.backend().service.store
        let site = try QueryString.checked(site: PathName.decode(name) ?? "")
        _ = try admit(request, .read, site: site, context: context)
        let query = QueryString(request.uri.query ?? "")
        try query.requireOnly("version")
        let wanted = try query["version"].map { (text) throws(Problem) -> UInt64 in
            guard let number = UInt64(text) else {
                throw Problem.invalidParameter("version", "must be a number of a version.")
            }
            return number
        }
        let versions: [SchemaVersion]
        do {
            versions = try await gate.run { try store.schemaVersions(site: site) }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Self.storageProblem(error)
        }
        guard let shown = wanted.map({ number in versions.last { $0.number == number } }) ?? versions.last else {
            throw Problem(
                404, code: "unknown_schema", title: "There is no such schema",
                detail: wanted == nil
                    ? "The site \(site) has declared none." : "The site \(site) has no such version, or not any more.",
                field: wanted == nil ? "site" : "version")
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("site")
        writer.string(site)
        writer.key("version")
        writer.unsigned(shown.number)
        writer.key("time")
        writer.string(CivilTime.format(shown.time))
        writer.key("schema")
        SchemaDocument.write(shown.schema, to: &writer)
        writer.key("versions")
        writer.beginArray()
        for version in versions {
            writer.beginObject()
            writer.key("version")
            writer.unsigned(version.number)
            writer.key("time")
            writer.string(CivilTime.format(version.time))
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return .json(writer.bytes)
    }

    private static func json(_ version: UInt64, changed: Bool, _ breaks: [SchemaBreak], site: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("site")
        writer.string(site)
        writer.key("version")
        writer.unsigned(version)
        writer.key("changed")
        writer.bool(changed)
        writer.key("breaks")
        write(breaks, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ breaks: [SchemaBreak], to writer: inout JSONWriter) {
        writer.beginArray()
        for found in breaks.prefix(WebLimits.schemaBreaks) {
            writer.beginObject()
            writer.key("rule")
            writer.string(found.rule.rawValue)
            writer.key("event")
            if let event = found.event { writer.string(event) } else { writer.null() }
            writer.key("property")
            if let property = found.property { writer.string(property) } else { writer.null() }
            writer.endObject()
        }
        writer.endArray()
    }

    /// The answer to a schema that refuses what the version before it took: a problem with what it refuses.
    private static func refusal(_ breaks: [SchemaBreak], site: String) -> Response {
        let problem = Problem(
            409, code: "schema_incompatible", title: "The schema refuses what the version before it took",
            detail: "\(breaks.count) rules of it are stricter than those in force for the site \(site); see `breaks`. "
                + "Send it with \"force\": true if that is meant.")
        var writer = JSONWriter()
        write(breaks, to: &writer)
        var bytes = problem.json
        bytes.removeLast()
        bytes += Array(#","breaks":"#.utf8) + writer.bytes + [UInt8(ascii: "}")]
        var response = problem.response()
        response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        return response
    }
}
