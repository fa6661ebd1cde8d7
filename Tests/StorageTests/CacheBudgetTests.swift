import Storage
import Synchronization
import Testing

@Suite("The budget of all caches")
struct CacheBudgetTests {
    /// A cache of numbers, each with some bytes.
    private final class Numbers: CacheBudget.Member {
        private struct State {
            var used: [Int: UInt64] = [:]
            var bytes: [Int: Int] = [:]
        }

        let weight: UInt64
        private let budget: CacheBudget
        private let state = Mutex(State())

        init(_ budget: CacheBudget, weight: UInt64 = 1) {
            self.budget = budget
            self.weight = weight
            budget.join(self)
        }

        var kept: [Int] { state.withLock { $0.used.keys.sorted() } }

        func put(_ number: Int, bytes: Int) {
            let now = budget.tick()
            state.withLock { state in
                state.used[number] = now
                state.bytes[number] = bytes
            }
            budget.count(bytes)
            budget.makeRoom()
        }

        func use(_ number: Int) {
            let now = budget.tick()
            state.withLock { state in
                if state.used[number] != nil { state.used[number] = now }
            }
        }

        func forEachUse(_ body: (_ used: UInt64, _ bytes: Int) -> Void) {
            for (used, bytes) in state.withLock({ state in state.used.map { ($0.value, state.bytes[$0.key] ?? 0) } }) {
                body(used, bytes)
            }
        }

        func forget(usedUpTo time: UInt64) {
            state.withLock { state in
                for (number, used) in state.used where used <= time {
                    state.used[number] = nil
                    budget.count(-(state.bytes.removeValue(forKey: number) ?? 0))
                }
            }
        }
    }

    @Test("What was used the longest ago goes first, whichever cache has it")
    func oldest() {
        let budget = CacheBudget(limit: 1_000)
        let (one, other) = (Numbers(budget), Numbers(budget))
        for number in 0..<5 {
            one.put(number, bytes: 100)
            other.put(number, bytes: 100)
        }
        #expect(budget.bytes == 1_000)
        // Of the first two the one that has been used stays.
        one.use(0)
        other.put(5, bytes: 100)
        #expect(budget.bytes <= 1_000)
        #expect(one.kept == [0, 2, 3, 4] || one.kept == [0, 1, 2, 3, 4])
        #expect(other.kept.first != 0 && other.kept.last == 5)
        #expect(budget.evictedBytes >= 100)
    }

    @Test("What costs more a byte stays longer")
    func weights() {
        let budget = CacheBudget(limit: 1_000)
        let parts = Numbers(budget)
        let answers = Numbers(budget, weight: 8)
        answers.put(0, bytes: 10)
        for number in 0..<50 { parts.put(number, bytes: 100) }
        #expect(answers.kept == [0])
        for number in 50..<500 { parts.put(number, bytes: 100) }
        #expect(answers.kept.isEmpty)
        #expect(budget.bytes <= 1_000 && parts.kept.last == 499)
    }

    @Test("The limit holds with several threads, and what a cache that is gone had kept does not count")
    func threads() async {
        let budget = CacheBudget(limit: 10_000)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    let numbers = Numbers(budget)
                    for number in 0..<2_000 { numbers.put(task * 10_000 + number, bytes: 1 + number % 700) }
                    #expect(budget.bytes <= 10_000 + 10_000 / 16 + 4 * 700)
                    numbers.forget(usedUpTo: .max)
                }
            }
        }
        #expect(budget.bytes == 0)
    }

    @Test("An entry larger than everything does not stay")
    func tooLarge() {
        let budget = CacheBudget(limit: 100)
        let numbers = Numbers(budget)
        numbers.put(1, bytes: 1_000)
        #expect(numbers.kept.isEmpty && budget.bytes == 0)
    }

    @Test("One limit is divided among RocksDB's blocks and all else")
    func division() {
        var options = StoreOptions()
        options.limitCaches(to: 64 << 20)
        #expect(options.blockCacheBytes == 8 << 20 && options.cacheBytes == 56 << 20)
        options.limitCaches(to: 1 << 30)
        #expect(options.blockCacheBytes == 32 << 20 && options.cacheBytes == (1 << 30) - (32 << 20))
    }
}
