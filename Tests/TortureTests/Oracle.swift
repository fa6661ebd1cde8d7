import Foundation
import Synchronization
import TestSupport

/// Some events that are sent in one request: they count all or none.
struct Batch: Sendable {
    let name: String
    let lines: [String]

    var body: [UInt8] { Array(lines.joined(separator: "\n").utf8) }
}

/// Knows what was sent and what was answered, and from that what must be and what may be visible. Never killed.
final class Oracle: Sendable {
    private struct State {
        var sent: [String: Batch] = [:]
        var acknowledged: Set<String> = []
        var latest: Int64
    }

    private let state: Mutex<State>
    private let spread: Int64

    /// - Parameter days: how many days back event times reach.
    init(days: Int64 = 4) {
        state = Mutex(State(latest: Int64(Date().timeIntervalSince1970 * 1000)))
        spread = days * 86_400_000
    }

    private init(_ state: State, spread: Int64) {
        self.state = Mutex(state)
        self.spread = spread
    }

    /// One that knows the same and goes its own way from here.
    func copy() -> Oracle { Oracle(state.withLock { $0 }, spread: spread) }

    var sent: [String: Batch] { state.withLock { $0.sent } }
    var acknowledged: Set<String> { state.withLock { $0.acknowledged } }

    /// Makes a batch and notes that it is about to be sent.
    func begin(_ generator: inout SeededGenerator, events: ClosedRange<Int> = 1...20) -> Batch {
        state.withLock { state in
            let name = "b\(state.sent.count)"
            let size = generator.int(events)
            let batch = Batch(
                name: name,
                lines: (0..<size).map { index in
                    let time = state.latest - Int64.random(in: 0...spread, using: &generator)
                    return Oracle.event(batch: name, index: index, time: time, using: &generator).description
                })
            state.sent[name] = batch
            return batch
        }
    }

    private static func event(
        batch: String, index: Int, time: Int64, using generator: inout SeededGenerator
    ) -> JSON {
        var event: JSON = [
            "event": .string(generator.pick(["view", "view", "cart", "buy"])),
            "visitor": .string("v\(generator.int(1...30))"), "id": .string("\(batch)/\(index)"), "time": .integer(time),
            "url": .string("https://shop.example/p/\(generator.int(1...9))"),
            "props": ["batch": .string(batch), "number": .string("\(batch)/\(index)")],
        ]
        if generator.chance(0.5) { event["value"] = .number(Double(generator.int(0...400)) * 0.25) }
        if generator.chance(0.7) { event["country"] = .string(generator.pick(["DE", "FR", "US"])) }
        return event
    }

    func acknowledge(_ batch: Batch) {
        _ = state.withLock { $0.acknowledged.insert(batch.name) }
    }

    /// Takes batches for not acknowledged: a test has destroyed them.
    func forget(_ names: Set<String>) { state.withLock { $0.acknowledged.subtract(names) } }

    /// Some batches that were answered, and all that were not: what a client would send again.
    func toRepeat(_ generator: inout SeededGenerator) -> [Batch] {
        let (sent, acknowledged) = state.withLock { ($0.sent, $0.acknowledged) }
        let unanswered = sent.keys.filter { !acknowledged.contains($0) }.sorted()
        let some = acknowledged.sorted().shuffled(using: &generator).prefix(2)
        return (unanswered + some).compactMap { sent[$0] }
    }

    // MARK: Asking the server

    /// The queries whose answers must be those of the reference over what is visible.
    static let queries: [(kind: String, query: JSON)] = [
        (
            "aggregate",
            ["range": "all", "metrics": ["events", "visitors", "sum:value", "min:value", "max:value"]]
        ),
        ("timeseries", ["range": "all", "interval": "day", "metrics": ["events", "visitors"]]),
        ("top", ["range": "all", "by": "country", "metrics": ["events", "visitors", "sum:value"], "limit": 10]),
        (
            "funnel",
            ["range": "all", "window": "1d", "steps": [["event": "view"], ["event": "cart"], ["event": "buy"]]]
        ),
    ]

    /// What is wrong with what a server shows: acknowledged ⊆ visible ⊆ sent, batches whole, no event twice, and every
    /// answer the reference's.
    func problems(_ client: WeirClient, site: String) throws -> [String] {
        let (sent, acknowledged) = state.withLock { ($0.sent, $0.acknowledged) }
        let answer = try client.query(
            "top", ["range": "all", "by": "props.batch", "metrics": ["events"], "limit": 100_000], site: site)
        var visible: [String: Int64] = [:]
        for row in answer["rows"]?.array ?? [] {
            visible[row["key"]?.array?.first?.text ?? "?"] = row["events"]?.int ?? -1
        }
        var problems: [String] = []
        for (name, count) in visible.sorted(by: { $0.key < $1.key }) where Int64(sent[name]?.lines.count ?? 0) != count
        {
            problems.append("\(name) has \(count) events of \(sent[name]?.lines.count ?? 0) sent")
        }
        let lost = acknowledged.filter { visible[$0] == nil }
        if !lost.isEmpty { problems.append("acknowledged and gone: \(lost.sorted().prefix(10))") }
        guard problems.isEmpty else { return Array(problems.prefix(10)) }

        let reference = try Reference(lines: visible.keys.sorted().flatMap { sent[$0]?.lines ?? [] })
        for (kind, query) in Oracle.queries {
            let answer = try client.query(kind, query, site: site)
            problems += try reference.disagreement(kind, query, answer: answer).map { "\(kind): \($0)" }
        }
        let numbers = try client.query(
            "top", ["range": "all", "by": "props.number", "metrics": ["events"], "limit": 1], site: site)
        if let most = numbers["rows"]?.array?.first?["events"]?.int, most != 1 {
            problems.append("an event counts \(most) times")
        }
        if let imbalance = try client.metrics().imbalance { problems.append(imbalance) }
        return problems
    }

    /// The batches a server shows, with their sizes.
    func visible(_ client: WeirClient, site: String) throws -> Set<String> {
        let answer = try client.query(
            "top", ["range": "all", "by": "props.batch", "metrics": ["events"], "limit": 100_000], site: site)
        return Set((answer["rows"]?.array ?? []).compactMap { $0["key"]?.array?.first?.text })
    }
}
