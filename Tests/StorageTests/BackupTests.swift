import Dispatch
import Events
import Foundation
import Logging
import RocksDB
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Backups and restoring")
struct BackupTests {
    private let seed = FullStore.seed

    /// A folder for targets.
    private func folder() throws -> TemporaryDirectory {
        let folder = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: false)
        return folder
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    private func open(_ path: String) throws -> Store {
        try Store.open(directory: path, logger: .init(label: "test"))
    }

    @Test("A backup of an open store and of a stopped one hold what the store holds")
    func copies() throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        let targets = try folder()
        do {
            let store = try directory.open()
            let outcome = try store.backup(to: targets.path + "/open")
            #expect(outcome.path == targets.path + "/open")
            #expect(outcome.files >= 4 && outcome.bytes > 1000)
        }
        _ = try Store.backup(stopped: directory.path, to: targets.path + "/stopped")
        // An empty directory is as good as none, and a slash at the end means the same.
        try FileManager.default.createDirectory(
            atPath: targets.path + "/empty", withIntermediateDirectories: false)
        _ = try Store.backup(stopped: directory.path, to: targets.path + "/empty/")
        for name in ["open", "stopped", "empty"] {
            let path = targets.path + "/" + name
            #expect(try StoreCheck.run(directory: path).findings == [], "seed \(seed)")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700)
            let restored = try Store.restore(from: path, to: targets.path + "/restored-" + name)
            #expect(restored.report.sites == 2)
            let store = try open(restored.copy.path)
            for (site, rows) in full.rows { #expect(try allRows(store, site: site) == rows, "seed \(seed)") }
        }
        // Nothing is left over beside them, and the original is as it was.
        let expected = ["empty", "open", "stopped"].flatMap { [$0, "restored-" + $0] }.sorted()
        #expect(try names(targets.path) == expected)
        let store = try directory.open()
        for (site, rows) in full.rows { #expect(try allRows(store, site: site) == rows) }
    }

    @Test("A backup on another file system is a copy of its own")
    func otherFileSystem() throws {
        let place = "/dev/shm/weir-backup-\(UInt64.random(in: .min ... .max))"
        guard mkdir(place, 0o700) == 0 else { return }
        defer { try? FileManager.default.removeItem(atPath: place) }
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        let store = try directory.open()
        _ = try store.backup(to: place + "/copy")
        #expect(try StoreCheck.run(directory: place + "/copy").findings == [])
        let restored = try Store.restore(from: place + "/copy", to: place + "/restored")
        let copy = try open(restored.copy.path)
        for (site, rows) in full.rows { #expect(try allRows(copy, site: site) == rows, "seed \(seed)") }
    }

    /// A12: what was acknowledged before a backup began is in it, and every commit wholly or not at all.
    @Test("A12: a backup while events come in holds every commit before it, and none by half")
    func whileIngesting() throws {
        let directory = TemporaryDirectory()
        let targets = try folder()
        let acknowledged = Mutex<[Int]>([])
        let isDone = Atomic<Bool>(false)
        let store = try directory.open()
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) { [seed] in
            let maker = BatchMaker(seed: seed, hash: store.hash)
            var number = 0
            while !isDone.load(ordering: .acquiring) {
                let batch = ColumnBatch(site: "default", month: january, hash: store.hash)
                for row in 0..<20 {
                    maker.append(
                        batch, time: UInt32(row * 90_000_000), id: 0, value: nil, name: "e", visitor: "batch\(number)")
                }
                guard (try? commit(batch, to: store)) != nil else { return }
                acknowledged.withLock { $0.append(number) }
                number += 1
            }
        }
        DispatchQueue.global().async(group: group) {
            while !isDone.load(ordering: .acquiring) {
                _ = try? store.flush()
                _ = try? store.maintain()
            }
        }
        var before: [[Int]] = []
        for round in 0..<6 {
            usleep(40_000)
            before.append(acknowledged.withLock { $0 })
            _ = try store.backup(to: targets.path + "/\(round)")
        }
        isDone.store(true, ordering: .releasing)
        group.wait()
        let last = acknowledged.withLock { $0.count }
        #expect(last > 20)
        for (round, before) in before.enumerated() {
            let restored = try Store.restore(from: targets.path + "/\(round)", to: targets.path + "/r\(round)")
            let copy = try open(restored.copy.path)
            var counts: [String: Int] = [:]
            for row in try allRows(copy) { counts[String(row.split(separator: " ")[2]), default: 0] += 1 }
            #expect(counts.values.allSatisfy { $0 == 20 }, "round \(round)")
            // An unbroken beginning of what was sent.
            let present = Set(counts.keys)
            #expect(present == Set((0..<present.count).map { "batch\($0)" }), "round \(round)")
            #expect(present.count >= before.count && present.count <= last, "round \(round)")
        }
    }

    @Test("A target that is in use or cannot be is refused, and nothing is left behind")
    func targets() throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        let targets = try folder()
        let path = targets.path
        try Data("text".utf8).write(to: URL(fileURLWithPath: path + "/file"))
        try FileManager.default.createDirectory(atPath: path + "/full", withIntermediateDirectories: false)
        try Data("text".utf8).write(to: URL(fileURLWithPath: path + "/full/file"))
        let before = try names(path)
        func refusal(_ target: String) -> BackupError? {
            do throws(BackupError) {
                _ = try Store.backup(stopped: directory.path, to: target)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(path + "/full") == .targetExists(path + "/full"))
        #expect(refusal(path + "/file") == .targetExists(path + "/file"))
        for target in [
            "relative", "", "/", path + "/missing/place", path + "/..", path + "/file/below", directory.path + "/x",
        ] {
            guard case .targetUnusable? = refusal(target) else {
                Issue.record("\(target): \(String(describing: refusal(target)))")
                continue
            }
        }
        #expect(refusal(directory.path) == .targetExists(directory.path))
        #expect(try names(path) == before)
        #expect(try !names(directory.path).contains { $0.hasPrefix(".weir") })
        guard
            case .failed? = { () -> BackupError? in
                do throws(BackupError) {
                    _ = try Store.backup(stopped: path, to: path + "/new")
                    return nil
                } catch {
                    return error
                }
            }()
        else {
            Issue.record("a directory without a store was backed up")
            return
        }
    }

    @Test("Two backups at once: the second is refused; a failing one leaves nothing and does not block the next")
    func concurrent() throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        let targets = try folder()
        var options = StoreOptions()
        options.faults = FaultPoints()
        let store = try directory.open(options)
        let (entered, leave) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        options.faults.onHit(.backupCopy) { _ in
            entered.signal()
            leave.wait()
        }
        let group = DispatchGroup()
        let first = targets.path + "/first"
        DispatchQueue.global().async(group: group) { _ = try? store.backup(to: first) }
        entered.wait()
        #expect(throws: BackupError.running) { _ = try store.backup(to: targets.path + "/second") }
        leave.signal()
        group.wait()
        options.faults.onHit(.backupCopy, nil)
        #expect(try names(targets.path) == ["first"])
        _ = try store.backup(to: targets.path + "/second")
        #expect(try names(targets.path) == ["first", "second"])
    }

    @Test(
        "A damaged backup is not restored, and nothing that looks like a store is left",
        arguments: ["c", "g", "l", "d"])
    func damaged(prefix: String) throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        let targets = try folder()
        _ = try Store.backup(stopped: directory.path, to: targets.path + "/copy")
        let row = try #require(try StoredRows.all(targets.path + "/copy", Array(prefix.utf8)).last)
        try StoredRows.put(
            targets.path + "/copy", [(row.key, row.value.dropLast() + [row.value[row.value.count - 1] ^ 1])])
        #expect { _ = try Store.restore(from: targets.path + "/copy", to: targets.path + "/new") } throws: { error in
            guard case BackupError.damaged(let text) = error else { return false }
            return text.contains("1 places") || text.contains("checksum")
        }
        #expect(try names(targets.path) == ["copy"])
    }

    @Test("A restore into a directory that holds anything is refused, also into the backup itself")
    func restoreTargets() throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        let targets = try folder()
        _ = try Store.backup(stopped: directory.path, to: targets.path + "/copy")
        let before = try StoredRows.files(targets.path + "/copy")
        for target in ["/copy", ""] {
            #expect(throws: BackupError.targetExists(targets.path + target)) {
                _ = try Store.restore(from: targets.path + "/copy", to: targets.path + target)
            }
        }
        #expect(throws: BackupError.self) {
            _ = try Store.restore(from: targets.path + "/nothing", to: targets.path + "/new")
        }
        #expect(try names(targets.path) == ["copy"])
        #expect(try StoredRows.files(targets.path + "/copy") == before)
    }

    @Test("The file that says where a server is: read back, removed by its owner only, not believed without a lock")
    func serverFile() throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        let file = ServerFile(http: "127.0.0.1:1234", process: 4_000_000)
        try file.write(into: directory.path)
        #expect(ServerFile.read(directory.path) == file)
        #expect(ServerFile.holder(of: directory.path) == .none)
        ServerFile(http: "127.0.0.1:1234", process: 1).remove(from: directory.path)
        #expect(ServerFile.read(directory.path) == file)
        do {
            let store = try directory.open()
            // Left behind by another process than the one that holds the lock.
            #expect(ServerFile.holder(of: directory.path) == .process(getpid()))
            let own = ServerFile(http: "[::1]:80", process: getpid())
            try own.write(into: directory.path)
            #expect(ServerFile.holder(of: directory.path) == .server(own))
            own.remove(from: directory.path)
            #expect(ServerFile.read(directory.path) == nil)
            #expect(store.siteNames().count == 2)
        }
        for text in ["", "x", "\n\n", "a\nb\n", "a\n1\n2\n"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path + "/" + ServerFile.name))
            #expect(ServerFile.read(directory.path) == nil)
        }
    }
}
