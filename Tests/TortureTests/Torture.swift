import Foundation
import Synchronization
import TestSupport
import Testing

/// Everything that makes a server or its files fail on purpose. One suite after the other, since they share the
/// machine's cores, and each may use all of them.
@Suite("A server that is made to fail", .serialized)
struct Torture {}

/// How much is tried: a bounded part of it, or, where `WEIR_TORTURE` is set, all of it.
enum TortureSize {
    static let isLong = ProcessInfo.processInfo.environment["WEIR_TORTURE"].map { !["", "0"].contains($0) } ?? false

    /// A number for each size.
    static func pick(_ bounded: Int, long: Int) -> Int { isLong ? long : bounded }
}

/// A new seed, or the one that `WEIR_SEED` sets.
func tortureSeed() -> UInt64 {
    SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
}

/// Tries every element of a list on two threads and gathers what is wrong.
///
/// - Parameter body: returns what is wrong with one, in words, nothing if all is well. What it throws is wrong too.
func findProblems<Element: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) throws -> [String]
) throws -> [String] {
    let next = Atomic<Int>(0)
    let problems = Mutex<[String]>([])
    try concurrently(min(2, elements.count)) { _ in
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < elements.count else { return }
            var found: [String]
            do { found = try body(elements[index]) } catch { found = ["\(error)"] }
            problems.withLock { $0 += found.map { "\(elements[index]): \($0)" } }
        }
    }
    return problems.withLock { $0 }
}

/// Numbers from 1 up to `last`: all of them in the long run, else some, always with the first and the last.
func someNumbers(upTo last: Int, bounded: Int, using generator: inout SeededGenerator) -> [Int] {
    guard last > 0 else { return [] }
    guard !TortureSize.isLong, last > bounded else { return Array(1...last) }
    return Set((1...last).shuffled(using: &generator).prefix(bounded - 2) + [1, last]).sorted()
}
