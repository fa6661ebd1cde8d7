import Events
import Logging
import RocksDB
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Fault points")
struct FaultPointTests {
    private func failures(_ faults: FaultPoints, _ point: FaultPoint, hits: Int) -> [Int] {
        (1...hits).filter { _ in
            do throws(StorageError) {
                try faults.hit(point)
                return false
            } catch {
                return true
            }
        }
    }

    @Test(
        "Orders say which hits fail",
        arguments: [
            ("seal.commit=error", [1, 2, 3, 4, 5]), ("seal.commit=error@1", [1]), ("seal.commit=error@3", [3]),
            ("seal.commit=error@3+", [3, 4, 5]), ("commit.write=error,seal.commit=error@2", [2]),
            ("seal.commit=error@2,seal.commit=error@4+", [2, 4, 5]), ("seal.commit=delay:0ms,seal.commit=error@5", [5]),
            ("", []),
        ])
    func orders(text: String, failing: [Int]) throws {
        let faults = try FaultPoints(parsing: text)
        #expect(failures(faults, .sealCommit, hits: 5) == failing)
        #expect(faults.hits(.sealCommit) == 5)
        #expect(faults.hits(.sealBegin) == 0)
    }

    @Test("The injected error reads like a failed write, and names its point")
    func injected() throws {
        let faults = try FaultPoints(parsing: "compact.part=error")
        #expect {
            try faults.hit(.compactPart)
        } throws: { error in
            guard case StorageError.database(let error) = error else { return false }
            return error.kind == .io && error.message.contains("injected at compact.part")
        }
    }

    @Test(
        "What is not understood is refused, with what there is",
        arguments: [
            ("seal.comit=kill", "commit.write"), ("seal.commit", "POINT=ACTION"), ("seal.commit=explode", "kill"),
            ("seal.commit=kill@0", "from 1"), ("seal.commit=kill@x", "from 1"), ("seal.commit=kill@", "from 1"),
            ("seal.commit=delay:5", "delay:50ms"), ("seal.commit=delay:-1s", "delay:50ms"),
            ("seal.commit=delay:9999999999s", "delay:50ms"), ("seal.commit=skip", "commit.write"),
            ("=kill", "no point"),
            ("seal.commit=kill seal.begin=kill", "kill, error"),
        ])
    func refused(text: String, hint: String) {
        #expect {
            _ = try FaultPoints(parsing: text)
        } throws: { "\($0)".contains(hint) && "\($0)".contains(text) }
    }

    @Test("Every point has a name of its own, and can be ordered by it")
    func names() throws {
        #expect(Set(FaultPoint.allCases.map(\.rawValue)).count == FaultPoint.allCases.count)
        let faults = try FaultPoints(parsing: FaultPoint.allCases.map { "\($0.rawValue)=error" }.joined(separator: ","))
        for point in FaultPoint.allCases { #expect(failures(faults, point, hits: 1) == [1], "\(point)") }
    }

    @Test("A closure runs at each hit until it is taken out; what is off ignores it and counts nothing")
    func closures() throws {
        let faults = FaultPoints()
        let seen = Mutex<[Int]>([])
        for points in [faults, FaultPoints.off] {
            points.onHit(.recoverLog) { hit in seen.withLock { $0.append(hit) } }
            try points.hit(.recoverLog)
            try points.hit(.recoverIds)
            try points.hit(.recoverLog)
            points.onHit(.recoverLog, nil)
            try points.hit(.recoverLog)
        }
        #expect(seen.withLock { $0 } == [1, 2])
        #expect(faults.hits(.recoverLog) == 3)
        #expect(FaultPoints.off.hits(.recoverLog) == 0)
    }

    @Test("A failed write is the last one, and a restart finds the store as it was before", arguments: [false, true])
    func sticky(isWritten: Bool) throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.faults = try FaultPoints(parsing: isWritten ? "commit.written=error@2" : "commit.write=error@2")
        var maker: BatchMaker
        do {
            let store = try directory.open(options)
            maker = BatchMaker(seed: 1, hash: store.hash)
            try commit(maker.batch(rows: 3, ids: 1..<4), to: store)
            #expect(throws: StorageError.self) { try commit(maker.batch(rows: 5, ids: 10..<15), to: store) }
            #expect(store.failure?.contains("injected") == true)
            #expect {
                try commit(maker.batch(rows: 5), to: store)
            } throws: { if case StorageError.failed = $0 { true } else { false } }
            #expect(throws: StorageError.self) { _ = try store.salt(day: 1) }
            #expect(try allRows(store).count == 3)
        }
        let store = try directory.open()
        // What was written before the error is there, wholly; acknowledged it was not.
        #expect(try allRows(store).count == (isWritten ? 8 : 3))
        let again = try commit(maker.batch(rows: 5, ids: 10..<15), to: store)
        #expect(again.duplicates == (isWritten ? 5 : 0))
        #expect(try allRows(store).count == 8)
    }

    @Test("An error before anything is written passes")
    func passing() throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.faults = try FaultPoints(parsing: "commit.begin=error@1")
        let store = try directory.open(options)
        var maker = BatchMaker(seed: 1, hash: store.hash)
        let batch = maker.batch(rows: 3, ids: 1..<4)
        #expect(throws: StorageError.self) { try commit(batch, to: store) }
        #expect(store.failure == nil)
        #expect(try commit(batch, to: store).accepted == 3)
    }

    @Test(
        "Each step of recovery can fail, and the next opening finds everything",
        arguments: [
            FaultPoint.recoverSites, .recoverSegments, .recoverLog, .recoverIds,
        ])
    func recovery(point: FaultPoint) throws {
        let directory = TemporaryDirectory()
        do {
            let store = try directory.open()
            var maker = BatchMaker(seed: 1, hash: store.hash)
            try commit(maker.batch(rows: 3, ids: 1..<4), to: store)
        }
        var options = StoreOptions()
        options.faults = try FaultPoints(parsing: "\(point.rawValue)=error")
        #expect { _ = try directory.open(options) } throws: { "\($0)".contains("injected at \(point.rawValue)") }
        #expect(try allRows(directory.open()).count == 3)
    }

    /// The canary of everything that counts acknowledged events.
    @Test("An acknowledgement without a write is a loss that shows")
    func canary() throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.faults = try FaultPoints(parsing: "commit.write=skip@2")
        do {
            let store = try directory.open(options)
            var maker = BatchMaker(seed: 1, hash: store.hash)
            for _ in 0..<3 { try commit(maker.batch(rows: 2), to: store) }
            #expect(try allRows(store).count == 6)
        }
        #expect(try allRows(directory.open()).count == 4)
    }
}
