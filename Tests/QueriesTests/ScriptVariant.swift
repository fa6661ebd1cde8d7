import TestSupport

/// One way of playing a script: where its events are when they are asked for must not matter.
enum ScriptVariant: Sendable, CustomStringConvertible {
    case asWritten
    /// All seals left out: everything is in flight.
    case unsealed
    case sealedAfterEachLoad
    /// Sealed once, after this many events.
    case sealedAfter(events: Int)
    case sealedAfterEachEvent
    /// Ended and begun again before each query.
    case restarted
    /// Sealed after each event, and all segments merged each time.
    case compacted
    /// The lines of each load in another order.
    case shuffled(seed: UInt64)
    /// In another order, and sealed in the middle of each load.
    case shuffledAndSealed(seed: UInt64)

    /// Most single points a script is sealed at, spread evenly over its events.
    static let maxPoints = 12
    /// Most seals of one run: more events than this are sealed several at a time.
    static let maxSeals = 24

    var description: String {
        switch self {
        case .asWritten: "as written"
        case .unsealed: "unsealed"
        case .sealedAfterEachLoad: "sealed after each load"
        case .sealedAfter(let events): "sealed after event \(events)"
        case .sealedAfterEachEvent: "sealed after each event"
        case .restarted: "restarted before each query"
        case .compacted: "compacted"
        case .shuffled(let seed): "shuffled, seed \(seed)"
        case .shuffledAndSealed(let seed): "shuffled and sealed, seed \(seed)"
        }
    }

    var compacts: Bool { if case .compacted = self { true } else { false } }

    /// All ways of playing a script.
    static func all(of script: Script, seed: UInt64) -> [ScriptVariant] {
        let events = script.events
        let points = min(events, maxPoints)
        return [.asWritten, .unsealed, .sealedAfterEachLoad]
            + (0..<points).map { .sealedAfter(events: 1 + $0 * events / points) }
            + [
                .sealedAfterEachEvent, .restarted, .compacted, .shuffled(seed: seed), .shuffledAndSealed(seed: seed),
            ]
    }

    /// What is done, in order.
    func steps(of script: Script) -> [Script.Block] {
        var steps: [Script.Block] = []
        var loaded = 0
        for block in script.blocks {
            func add(_ content: Script.Content) { steps.append(Script.Block(line: block.line, content: content)) }
            switch block.content {
            case .seal: if keepsSeals { add(.seal) }
            case .restart: add(.restart)
            case .query:
                if case .restarted = self { add(.restart) }
                steps.append(block)
            case .load(let lines):
                for (part, seals) in parts(of: lines, after: loaded, in: script.events) {
                    add(.load(part))
                    if seals { add(.seal) }
                }
                loaded += lines.count
            }
        }
        return steps
    }

    private var keepsSeals: Bool {
        switch self {
        case .asWritten, .restarted, .shuffled: true
        default: false
        }
    }

    /// The pieces in which a load comes, none empty, and whether there is a seal after each.
    private func parts(of lines: [String], after loaded: Int, in all: Int) -> [([String], Bool)] {
        switch self {
        case .asWritten, .unsealed, .restarted: return [(lines, false)]
        case .sealedAfterEachLoad: return [(lines, true)]
        case .sealedAfter(let events):
            let head = events - loaded
            guard head > 0, head <= lines.count else { return [(lines, false)] }
            return head == lines.count
                ? [(lines, true)] : [(Array(lines[..<head]), true), (Array(lines[head...]), false)]
        case .sealedAfterEachEvent, .compacted:
            let size = max(1, (all + Self.maxSeals - 1) / Self.maxSeals)
            return stride(from: 0, to: lines.count, by: size).map {
                (Array(lines[$0..<min(lines.count, $0 + size)]), true)
            }
        case .shuffled(let seed):
            var generator = SeededGenerator(seed: seed &+ UInt64(loaded))
            return [(lines.shuffled(using: &generator), false)]
        case .shuffledAndSealed(let seed):
            var generator = SeededGenerator(seed: ~seed &+ UInt64(loaded))
            let shuffled = lines.shuffled(using: &generator)
            let middle = (shuffled.count + 1) / 2
            let tail = Array(shuffled[middle...])
            return [(Array(shuffled[..<middle]), true)] + (tail.isEmpty ? [] : [(tail, false)])
        }
    }
}
