import Logging
import Storage
import Synchronization
import TestSupport
import Testing

/// A disk whose free space a test sets.
private final class TestDisk: DiskProbe {
    private let free: Mutex<Int?>
    private let total: Int

    init(free: Int?, total: Int) {
        self.free = Mutex(free)
        self.total = total
    }

    func space(of directory: String) -> (free: Int, total: Int)? {
        free.withLock { $0.map { ($0, total) } }
    }

    func set(_ bytes: Int?) { free.withLock { $0 = bytes } }
}

@Suite("Space on the disk")
struct DiskSpaceTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func space(_ disk: TestDisk, reserve: Int?) -> DiskSpace {
        DiskSpace(directory: "/", reserve: reserve, probe: disk, interval: .zero, logger: logger)
    }

    @Test("The reserve is what is set, else 256 MiB or a twentieth of a smaller disk")
    func reserve() {
        #expect(space(TestDisk(free: 1, total: 100), reserve: 7).reserve == 7)
        #expect(space(TestDisk(free: 1, total: 1 << 40), reserve: nil).reserve == 256 << 20)
        #expect(space(TestDisk(free: 1, total: 1000), reserve: nil).reserve == 50)
        #expect(space(TestDisk(free: nil, total: 1000), reserve: nil).reserve == 0)
    }

    @Test("Fullness begins below the reserve and ends an eighth above it")
    func hysteresis() {
        let disk = TestDisk(free: 800, total: 10_000)
        let space = space(disk, reserve: 800)
        for (free, isFull) in [
            (800, false), (799, true), (800, true), (899, true), (900, false), (800, false), (0, true), (5000, false),
        ] {
            disk.set(free)
            #expect(space.isFull == isFull, "\(free)")
            #expect(space.free == free)
        }
        disk.set(nil)
        #expect(!space.isFull)
        #expect(space.canFit(bytes: .max, for: .compaction), "nobody knows better")
    }

    @Test("A seal may use the reserve, a compaction may not, and both need room for log and file")
    func purposes() {
        let space = space(TestDisk(free: 1000, total: 10_000), reserve: 400)
        #expect(space.canFit(bytes: 500, for: .seal))
        #expect(!space.canFit(bytes: 501, for: .seal))
        #expect(space.canFit(bytes: 300, for: .compaction))
        #expect(!space.canFit(bytes: 301, for: .compaction))
        #expect(!space.canFit(bytes: .max, for: .seal))
    }

    @Test("The system's own disk has space")
    func system() throws {
        let (free, total) = try #require(SystemDisk().space(of: "/"))
        #expect(free > 0)
        #expect(free <= total)
        #expect(SystemDisk().space(of: "/no/such/directory") == nil)
    }

    @Test("A full disk refuses commits before anything is written, and takes them again without a restart")
    func commits() throws {
        let directory = TemporaryDirectory()
        let disk = TestDisk(free: 2000, total: 10_000)
        var options = StoreOptions()
        options.diskProbe = disk
        options.diskReserve = 1000
        let store = try directory.open(options)
        var maker = BatchMaker(seed: 1, hash: store.hash)
        let batch = maker.batch(rows: 4, ids: 1..<5)
        disk.set(999)
        try waitUntil { store.space.isFull }
        #expect {
            try commit(batch, to: store)
        } throws: { if case StorageError.diskFull(999, 1000) = $0 { true } else { false } }
        #expect(store.failure == nil)
        #expect(store.space.refusals == 1)
        #expect(try allRows(store).isEmpty)
        // Sealing goes on.
        try store.flush()
        disk.set(2000)
        try waitUntil { !store.space.isFull }
        // Nothing remembers the refused ids.
        #expect(try commit(batch, to: store).accepted == 4)
        #expect(try allRows(store).count == 4)
    }

    private func waitUntil(_ condition: () -> Bool) throws {
        try Deadline.poll(seconds: 10, "the disk's figures to be read again") { condition() ? true : nil }
    }
}
