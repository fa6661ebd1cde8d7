import Access
import Client
import Events
import Foundation
import Logging
import Queries
import Storage

/// Where `weir key` changes keys: a directory that nobody has open, or a server.
struct KeyTarget {
    private enum Place {
        case directory(String)
        case server(String)
    }

    private let place: Place
    private let key: String?

    /// Finds out who has to be asked.
    init(_ options: KeyTargetOptions) throws {
        let environment = ClientEnvironment.process
        key = options.key ?? environment.key
        if let url = options.url ?? (options.data == nil ? environment.url : nil) {
            place = .server(url)
            return
        }
        let directory = options.data ?? ClientEnvironment.data ?? Settings.defaultData
        try CommandOutput.require(path: directory)
        switch ServerFile.holder(of: directory) {
        case .none: place = .directory(directory)
        case .server(let server): place = .server(server.http)
        case .process(let process):
            throw CommandOutput.fail(
                "the process \(process) has \(directory) open and has not said where it can be asked; name its address "
                    + "with --url", code: 1)
        }
    }

    /// Makes a key.
    func create(_ new: NewKey) async throws -> ShownKey {
        switch place {
        case .directory(let directory):
            return try changing(directory) { (store) throws(StorageError) in
                let made = try KeyChange.create(new, in: store, now: SystemClock().milliseconds())
                return ShownKey(made.record, key: made.text)
            }
        case .server(let url):
            let body = JSONValue.object([
                ("scope", .string(new.scope.name)), ("site", new.site.map { .string($0) } ?? .null),
                ("name", .string(new.name)), ("requests_per_second", .integer(Int64(new.limits.requestsPerSecond))),
                ("events_per_second", .integer(Int64(new.limits.eventsPerSecond))),
            ])
            return ShownKey(try await ask(url, "POST", "/v1/admin/keys", body: body))
        }
    }

    /// All keys on record.
    func list() async throws -> [ShownKey] {
        switch place {
        case .directory(let directory):
            try requireStore(directory)
            return try changing(directory) { (store) throws(StorageError) in
                try store.keys().records.map { ShownKey($0) }
            }
        case .server(let url):
            return (try await ask(url, "GET", "/v1/admin/keys")["keys"]?.elements ?? []).map { ShownKey($0) }
        }
    }

    /// Revokes a key; `nil` if there is none of the id.
    func revoke(_ id: UInt64) async throws -> ShownKey? {
        switch place {
        case .directory(let directory):
            try requireStore(directory)
            return try changing(directory) { (store) throws(StorageError) in
                try KeyChange.revoke(id, site: nil, in: store, now: SystemClock().milliseconds()).record
                    .map { ShownKey($0) }
            }
        case .server(let url):
            return ShownKey(try await ask(url, "DELETE", "/v1/admin/keys/\(KeyText.idText(id))"))
        }
    }

    /// Keeps a slip in the directory's name from making a new store.
    private func requireStore(_ directory: String) throws {
        guard FileManager.default.fileExists(atPath: directory + "/CURRENT") else {
            throw CommandOutput.fail("\(directory) holds no store", code: 1)
        }
    }

    private func changing<Result>(
        _ directory: String, _ body: (Store) throws(StorageError) -> Result
    ) throws -> Result {
        var logger = Logger(label: "weir", factory: { HarmlessLogHandler(label: $0) })
        logger.logLevel = .error
        do throws(StorageError) {
            return try body(try Store.open(directory: directory, logger: logger))
        } catch {
            throw CommandOutput.fail("\(error)", code: 1)
        }
    }

    private func ask(_ url: String, _ method: String, _ path: String, body: JSONValue? = nil) async throws -> JSONNode {
        let transport = HTTPTransport(connections: 1, timeoutSeconds: 60)
        let answer: Result<JSONNode, ClientError>
        do throws(ClientError) {
            answer = .success(try await ask(url, method, path, body: body, sender: transport))
        } catch {
            answer = .failure(error)
        }
        await transport.shutdown()
        switch answer {
        case .success(let node): return node
        case .failure(let error): throw CommandOutput.fail("the server \(url): \(error.message)", code: 1)
        }
    }

    private func ask(
        _ url: String, _ method: String, _ path: String, body: JSONValue?, sender: some RequestSender
    ) async throws(ClientError) -> JSONNode {
        var headers = ClientRequest.authorization(key)
        var writer = JSONWriter()
        if let body {
            writer.value(body)
            headers.append((name: "Content-Type", value: "application/json"))
        }
        let request = ClientRequest(
            method: method, url: try ServerAddress(url).url(path), headers: headers, body: writer.bytes)
        let response = try await sender.send(request)
        guard (200...299).contains(response.status) else {
            throw ClientError(.refused, Problem(response).description)
        }
        guard let node = try? JSONNode(parsing: response.body) else {
            throw ClientError(.refused, "its answer is no JSON")
        }
        return node
    }
}

/// A key as it is printed, from a record or from a server's answer.
struct ShownKey {
    let id: String
    /// The key's text; only when it has just been made.
    let key: String?
    let scope: String
    let site: String?
    let name: String
    let created: String
    let revoked: String?
    private let requests: Int
    private let events: Int

    init(_ record: KeyRecord, key: String? = nil) {
        id = KeyText.idText(record.id)
        self.key = key
        scope = record.scope.name
        site = record.site
        name = record.name
        created = CivilTime.format(record.created)
        revoked = record.revoked.map { CivilTime.format($0) }
        requests = Int(record.requestsPerSecond)
        events = Int(record.eventsPerSecond)
    }

    init(_ node: JSONNode) {
        id = node["id"]?.text ?? ""
        key = node["key"]?.text
        scope = node["scope"]?.text ?? ""
        site = node["site"]?.text
        name = node["name"]?.text ?? ""
        created = node["created"]?.text ?? ""
        revoked = node["revoked"]?.text
        requests = node["requests_per_second"]?.integer ?? 0
        events = node["events_per_second"]?.integer ?? 0
    }

    /// What it is, in words.
    var title: String {
        Console.harmless("the \(scope) key \(id) of \(site.map { "site \($0)" } ?? "all sites")")
    }

    var json: JSONValue {
        var members: [(key: String, value: JSONValue)] = [("id", .string(id))]
        if let key { members.append(("key", .string(key))) }
        members += [
            ("scope", .string(scope)), ("site", site.map { .string($0) } ?? .null), ("name", .string(name)),
            ("created", .string(created)), ("revoked", revoked.map { .string($0) } ?? .null),
            ("requests_per_second", .integer(Int64(requests))), ("events_per_second", .integer(Int64(events))),
        ]
        return .object(members)
    }
}

/// Rows with their columns under each other.
enum KeyTable {
    /// The lines of a table, the titles first.
    static func lines(_ titles: [String], _ rows: [[String]]) -> [String] {
        let all = [titles] + rows
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (text, width) in zip(row, widths) {
                line += line.isEmpty ? "" : "  "
                line += text + String(repeating: " ", count: width - text.count)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
