import Dispatch
import Foundation
import RocksDB
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

@Suite("Writes of threads with a low priority")
struct WriteThreadTests {
    /// Runs `body` on a thread of the lowest priority.
    private func onLowPriority<R: Sendable>(_ body: @escaping @Sendable () throws -> R) throws -> R {
        let result = Mutex<Result<R, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
            let outcome = Result(catching: body)
            result.withLock { $0 = outcome }
            done.signal()
        }
        thread.start()
        done.wait()
        return try #require(result.withLock { $0 }).get()
    }

    @Test("What they write is there when the call returns, beside what others write, and failures are theirs")
    func writes() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-rocksdb-\(UInt64.random(in: .min ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let database = try Database(path: path)
        let sees = try onLowPriority {
            for number in 0..<50 as Range<UInt8> {
                var batch = WriteBatch()
                batch.put([1, number], [number])
                try database.write(batch, synced: number % 10 == 0)
                guard try database.get([1, number]) == [number] else { return false }
                var other = WriteBatch()
                other.put([2, number], [number])
                try database.write(other, synced: false)
            }
            return true
        }
        #expect(sees)
        #expect(try database.get([2, 49]) == [49])
        var configuration = Database.Configuration()
        configuration.access = .readOnly
        let reader = try Database(path: path, configuration: configuration)
        #expect(throws: RocksDBError.self) {
            try onLowPriority {
                var batch = WriteBatch()
                batch.put([3], [3])
                try reader.write(batch)
            }
        }
    }
}
