import Events
import LoadgenCore

/// The generated stream as bodies of NDJSON, with some of its lines held back so that they come late.
struct StreamSource {
    /// What the bodies are made of.
    struct Options: Sendable {
        /// The stream.
        var generator: GeneratorOptions
        /// Lines in a body.
        var linesPerBody = 2000
        /// One line in so many is held back; 0 for none.
        var lateEvery = 0
        /// How long lines are held back, milliseconds of the stream's time: evenly spread between these.
        var lateness: ClosedRange<Int64> = 3_600_000...3 * 86_400_000
    }

    private struct HeldBack {
        var due: Int64
        var line: [UInt8]
    }

    private let options: Options
    private var generator: ClickstreamGenerator
    private var held: [HeldBack] = []
    private var lines = 0
    private var random: UInt64

    /// Starts the stream.
    init(_ options: Options) throws(GeneratorError) {
        self.options = options
        generator = try ClickstreamGenerator(options.generator)
        random = options.generator.seed
    }

    /// The next body, followed by the bytes that a decoder may read behind it.
    ///
    /// - Parameters:
    ///   - now: the latest event time so far, Unix milliseconds: what lines are held back by.
    ///   - body: is replaced.
    /// - Returns: the number of bytes without the padding; 0 after the last line, late ones included.
    mutating func next(now: Int64, into body: inout [UInt8]) -> Int {
        body.removeAll(keepingCapacity: true)
        if options.lateEvery == 0 {
            _ = generator.appendBatch(options.linesPerBody, into: &body)
        } else {
            appendWithHeldBack(now: now, to: &body)
        }
        let count = body.count
        if count > 0 { body.append(contentsOf: repeatElement(0, count: EventDecoder.padding)) }
        return count
    }

    private mutating func appendWithHeldBack(now: Int64, to body: inout [UInt8]) {
        var kept = 0
        while kept < options.linesPerBody {
            let start = body.count
            guard generator.appendNext(into: &body) else { break }
            lines += 1
            if lines % options.lateEvery == 0, now > 0 {
                held.append(HeldBack(due: now + delay(), line: Array(body[start...])))
                body.removeLast(body.count - start)
            } else {
                kept += 1
            }
        }
        let isOver = kept == 0
        held.removeAll { entry in
            guard isOver || entry.due <= now else { return false }
            body.append(contentsOf: entry.line)
            return true
        }
    }

    // SplitMix64: any spread will do, but it has to be the same each time.
    private mutating func delay() -> Int64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        var mixed = random
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        let span = UInt64(options.lateness.upperBound - options.lateness.lowerBound) + 1
        return options.lateness.lowerBound + Int64(mixed % span)
    }
}
