import Access
import Logging
import RocksDB
import Storage
import TestSupport
import Testing

@Suite("Keys on disk")
struct KeyStoreTests {
    private func open(_ folder: TemporaryFolder) throws -> Store {
        try Store.open(
            directory: folder.path + "/data", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func create(_ new: NewKey, _ folder: TemporaryFolder) throws -> (text: String, record: KeyRecord) {
        let made = try KeyChange.create(new, in: try open(folder), now: 7)
        return (made.text, made.record)
    }

    private func admits(_ key: String, _ keys: StoredKeys) -> Bool {
        let control = AccessControl()
        control.use(keys.records, secret: keys.secret, isIncomplete: !keys.damaged.isEmpty)
        return withBytes(key) { key in
            if case .admitted = control.admit(AccessRequest(scope: .write, key: key)) { true } else { false }
        }
    }

    @Test("Keys and revocations are there after the store was opened anew, without their texts")
    func persistence() throws {
        let folder = try TemporaryFolder("key-store")
        let first = try create(
            try NewKey(
                scope: .write, site: "shop", name: "Büro", limits: RateLimits(requestsPerSecond: 3, eventsPerSecond: 4)),
            folder)
        let second = try create(try NewKey(scope: .admin, site: nil), folder)
        #expect(try KeyChange.revoke(second.record.id, site: nil, in: try open(folder), now: 9).record?.revoked == 9)
        let keys = try open(folder).keys()
        #expect(keys.records.count == 2 && keys.damaged.isEmpty && keys.secret.count == Store.keySecretBytes)
        let stored = try #require(keys.records.first { $0.id == first.record.id })
        #expect(stored == first.record)
        #expect(stored.name == "Büro" && stored.requestsPerSecond == 3 && stored.eventsPerSecond == 4)
        #expect(admits(first.text, keys) && !admits(second.text, keys))
        #expect(KeyText.idText(first.record.id) == first.text.dropFirst(5).prefix(12))
        let report = try StoreCheck.run(directory: folder.path + "/data")
        #expect(report.findings.isEmpty, "\(report.findings)")
    }

    @Test("A damaged key or secret is found, opens nothing, and closes every site")
    func damage() throws {
        for row in ["k", "msecret"] {
            let folder = try TemporaryFolder("key-damage")
            let made = try create(try NewKey(scope: .write, site: "shop"), folder)
            do {
                let database = try Database(path: folder.path + "/data")
                var rows: [(key: [UInt8], value: [UInt8])] = []
                var walk = database.iterate(prefix: Array(row.utf8))
                while let found = try walk.next({ (key: Array($0), value: Array($1)) }) { rows.append(found) }
                let (key, value) = try #require(rows.first)
                var batch = WriteBatch()
                // A row's last byte is part of what it says, or one byte of the secret is missing.
                batch.put(key, row == "k" ? value.dropLast() + [value[value.count - 1] ^ 1] : Array(value.dropLast()))
                try database.write(batch)
            }
            let keys = try open(folder).keys()
            #expect(keys.damaged.count == 1, "\(row)")
            #expect(!admits(made.text, keys), "\(row)")
            let control = AccessControl()
            control.use(keys.records, secret: keys.secret, isIncomplete: true)
            guard case .refused(.unauthorized) = control.admit(AccessRequest(scope: .read)) else {
                Issue.record("a site is open although a key cannot be read")
                return
            }
            let report = try StoreCheck.run(directory: folder.path + "/data")
            #expect(!report.findings.isEmpty, "\(row)")
        }
    }

    @Test("There are no more keys than the limit; revoked ones make room, but never the last of a site")
    func limit() throws {
        let folder = try TemporaryFolder("key-limit")
        let store = try open(folder)
        let mac = [UInt8](repeating: 1, count: KeyRecord.macBytes)
        _ = try store.changeKeys { _ in
            let records = (1...UInt64(Store.keys)).map { id in
                KeyRecord(
                    id: id, scope: .write, site: id == 1 ? "alone" : "shop", name: "", created: 0,
                    revoked: id <= 3 ? Int64(id) : nil, mac: mac)
            }
            return (records, [])
        }
        for expected in [2, 3] as [UInt64] {
            let made = try KeyChange.create(try NewKey(scope: .write, site: "shop"), in: store, now: 5)
            #expect(made.keys.records.count == Store.keys)
            #expect(!made.keys.records.contains { $0.id == expected })
        }
        #expect(throws: StorageError.self) {
            try KeyChange.create(try NewKey(scope: .write, site: "shop"), in: store, now: 5)
        }
        #expect(try store.keys().records.contains { $0.id == 1 }, "its site would be open again")
    }
}
