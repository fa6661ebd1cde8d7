import Access
import Events
import HTTPTypes
import Hummingbird
import Ingest
import Logging
import NIOCore
import Queries
import Storage

/// The keys of the store: who may list, make and revoke them.
///
/// An admin of all sites manages all keys, an admin of one site those of that site. As long as there are no keys at all, a
/// program on this machine makes the first.
extension WebResponder {
    /// `GET /v1/admin/keys`: the keys on record, without their secrets.
    func listKeys(_ request: Request, context: WebContext) async throws -> Response {
        let store = try state.backend().service.store
        let grant = try admitKeys(request, context: context)
        let records: [KeyRecord]
        do {
            records = try await gate.run { try store.keys().records }
        } catch let error as StorageError {
            throw Self.storageProblem(error)
        }
        var text = JSONText()
        text.raw(#"{"keys":["#)
        for (position, record) in records.filter({ grant.manages($0) }).enumerated() {
            if position > 0 { text.raw(",") }
            Self.write(record, key: nil, to: &text)
        }
        text.raw("]}")
        return .json(text.bytes)
    }

    /// `POST /v1/admin/keys`: makes a key and shows it, this once.
    func createKey(_ request: Request, context: WebContext) async throws -> Response {
        let store = try state.backend().service.store
        // As long as there are none, and only to this machine's own programs.
        let isFirst = !access.hasKeys && isLocal(request, context: context)
        let grant = isFirst ? nil : try admitKeys(request, context: context)
        try Self.requireProgram(request, instead: "weir key create")
        let new = try Self.newKey(try await reader.query(request))
        guard grant?.manages(site: new.site) ?? true else {
            // A site's admin must not learn what other sites there are.
            throw Problem(
                403, code: "wrong_scope", title: "The key may not be used for this",
                detail: "An admin key of one site makes keys for that site only; name it.", field: "site")
        }
        let made: (text: String, record: KeyRecord)?
        do {
            made = try await keys.create(new, in: store, isFirst: isFirst)
        } catch StorageError.limit(let detail) {
            throw Problem(409, code: "too_many_keys", title: "There are too many keys", detail: detail)
        } catch let error as StorageError {
            throw Self.storageProblem(error)
        }
        guard let made else { throw Problem.unauthorized }
        logger.notice("A key was made.", metadata: Self.metadata(made.record))
        var text = JSONText()
        Self.write(made.record, key: made.text, to: &text)
        return .json(text.bytes)
    }

    /// `DELETE /v1/admin/keys/{key}`: revokes a key, for all connections at once.
    func revokeKey(_ request: Request, name: String, context: WebContext) async throws -> Response {
        let store = try state.backend().service.store
        let grant = try admitKeys(request, context: context)
        try Self.refusePages(request)
        guard let id = KeyText.id(name) else { throw Problem.unknownKey }
        let record: KeyRecord?
        do {
            record = try await keys.revoke(id, site: grant.boundSite, in: store)
        } catch let error as StorageError {
            throw Self.storageProblem(error)
        }
        guard let record else { throw Problem.unknownKey }
        logger.notice("A key was revoked.", metadata: Self.metadata(record))
        var text = JSONText()
        Self.write(record, key: nil, to: &text)
        return .json(text.bytes)
    }

    /// Admits who manages keys: an admin, of one site or of all; where there are no keys, this machine's own programs.
    private func admitKeys(_ request: Request, context: WebContext) throws(Problem) -> AccessGrant {
        let grant = try admit(request, .admin, context: context)
        guard grant.keyID != nil || !access.hasKeys && isLocal(request, context: context) else {
            throw .unauthorized
        }
        return grant
    }

    private static func newKey(_ body: [UInt8]) throws -> NewKey {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(body)
        } catch {
            throw Problem(
                400, code: "invalid_json", title: "The body is no JSON",
                detail: "\(error.detail), at byte \(error.position).")
        }
        guard case .object(let members) = value else {
            throw Problem.invalidParameter(
                "scope", #"the body is an object such as {"scope": "write", "site": "shop"}."#)
        }
        let known = ["scope", "site", "name", "requests_per_second", "events_per_second"]
        if let stranger = members.first(where: { !known.contains($0.key) }) {
            throw Problem.invalidParameter(
                String(stranger.key.prefix(64)),
                "there is no such field here; there are \(known.joined(separator: ", ")).")
        }
        let scope = try text(value, "scope").flatMap { KeyScope(name: $0) }
        guard let scope else { throw Problem.invalidParameter("scope", "must be write, read or admin.") }
        let limits = RateLimits(
            requestsPerSecond: try rate(value, "requests_per_second"),
            eventsPerSecond: try rate(value, "events_per_second"))
        do {
            return try NewKey(
                scope: scope, site: try text(value, "site"), name: try text(value, "name") ?? "", limits: limits)
        } catch let mistake as NewKey.Mistake {
            throw Problem.invalidParameter(mistake.field, mistake.description + ".")
        }
    }

    private static func text(_ value: JSONValue, _ name: String) throws -> String? {
        switch value[name] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        default: throw Problem.invalidParameter(name, "must be a text.")
        }
    }

    private static func rate(_ value: JSONValue, _ name: String) throws -> Int {
        guard let member = value[name] else { return 0 }
        guard case .integer(let number) = member, (0...Int64(RateLimits.most)).contains(number) else {
            throw Problem.invalidParameter(name, "must be a whole number from 0 to \(RateLimits.most).")
        }
        return Int(number)
    }

    private static func metadata(_ record: KeyRecord) -> [String: Logger.MetadataValue] {
        [
            "key": "\(KeyText.idText(record.id))", "scope": "\(record.scope.name)",
            "site": "\(record.site ?? "all sites")",
        ]
    }

    /// A key as it is shown.
    private static func write(_ record: KeyRecord, key: String?, to text: inout JSONText) {
        text.raw(#"{"id":"#)
        text.string(KeyText.idText(record.id))
        if let key {
            text.raw(#","key":"#)
            text.string(key)
        }
        text.raw(#","scope":"#)
        text.string(record.scope.name)
        text.raw(#","site":"#)
        if let site = record.site { text.string(site) } else { text.raw("null") }
        text.raw(#","name":"#)
        text.string(record.name)
        text.raw(#","created":"#)
        text.string(CivilTime.format(record.created))
        text.raw(#","revoked":"#)
        if let revoked = record.revoked { text.string(CivilTime.format(revoked)) } else { text.raw("null") }
        text.raw(#","requests_per_second":"#)
        text.integer(record.requestsPerSecond)
        text.raw(#","events_per_second":"#)
        text.integer(record.eventsPerSecond)
        text.raw("}")
    }
}

extension AccessGrant {
    /// Whether the admin may see and change a key.
    func manages(_ record: KeyRecord) -> Bool { manages(site: record.site) }

    /// Whether the admin may make keys for a site, or with `nil` for all.
    func manages(site: String?) -> Bool { boundSite == nil || site == boundSite }
}

extension Problem {
    static let unknownKey = Problem(
        404, code: "unknown_key", title: "There is no such key",
        detail: "GET /v1/admin/keys lists the keys with their ids.")
}
