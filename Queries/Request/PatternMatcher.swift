/// Searches many texts for one pattern: an automaton in one state at a time, whose states are made when they are first
/// met and kept for the texts after. Where the pattern's own automaton takes all its states along for each character,
/// this one looks up one number a byte.
///
/// A state is what the other automaton's set of states would be before the next character is known, with the kind of
/// character before it, which is all that `^`, `$` and `\b` ask for. (Subset construction on demand, as in Thompson's
/// `grep` and RE2.)
///
/// Texts that are not ASCII, and those that would need more than ``maxStates``, are left to the pattern's own automaton. Not to be
/// shared between threads.
final class PatternMatcher {
    /// States that are kept, with a row of 129 numbers each.
    static let maxStates = 256

    /// ASCII, and the end of the text.
    private static let symbols = 129
    private static let end = 128

    private static let unknown: Int16 = -1
    private static let found: Int16 = -2

    /// The character before a state, as far as it matters.
    private enum Before: Int32, CaseIterable {
        case nothing, newline, word, other

        init(_ byte: Int) {
            let scalar = UInt32(byte)
            self = scalar == 0x0A ? .newline : ScalarSet.word.contains(scalar) ? .word : .other
        }

        /// A character of the kind.
        var scalar: UInt32? {
            switch self {
            case .nothing: nil
            case .newline: 0x0A
            case .word: 0x61
            case .other: 0x20
            }
        }
    }

    /// A set of instructions that the next character decides about, in ascending order, and what stands before.
    private struct State: Hashable {
        var pending: [Int32]
        var before: Before
    }

    private let program: PatternProgram
    private var states: [State]
    private var numbers: [State: Int16]
    /// By state and symbol.
    private var transitions: [Int16]

    init(_ program: PatternProgram) {
        self.program = program
        let start = State(pending: [0], before: .nothing)
        states = [start]
        numbers = [start: 0]
        transitions = Array(repeating: PatternMatcher.unknown, count: PatternMatcher.symbols)
    }

    /// Whether the pattern is found in a text given as its UTF-8 bytes.
    ///
    /// - Complexity: O(bytes) once the states have been met; O(bytes × instructions) at most.
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        var state = 0
        for position in 0...text.count {
            let symbol = position < text.count ? Int(text[position]) : PatternMatcher.end
            guard symbol < 128 || position == text.count else { return program.matches(text) }
            var next = transitions[state &* PatternMatcher.symbols &+ symbol]
            if next == PatternMatcher.unknown {
                guard let made = step(from: state, by: symbol) else { return program.matches(text) }
                next = made
            }
            if next == PatternMatcher.found { return true }
            state = Int(next)
        }
        return false
    }

    /// Works a transition out and keeps it; `nil` when there is no room for the state it leads to.
    private func step(from number: Int, by symbol: Int) -> Int16? {
        let state = states[number]
        let after = symbol == PatternMatcher.end ? nil : UInt32(symbol)
        var result = Int16(number)
        if let reading = closure(of: state, after: after) {
            // At the end nothing is read, and where it leads to does not matter.
            if let after {
                var pending: Set<Int32> = [0]
                for instruction in reading {
                    guard case .one(let set) = program.instructions[Int(instruction)],
                        program.sets[Int(set)].contains(after)
                    else { continue }
                    pending.insert(instruction + 1)
                }
                let next = State(pending: pending.sorted(), before: Before(symbol))
                guard let known = numbers[next] ?? add(next) else { return nil }
                result = known
            }
        } else {
            result = PatternMatcher.found
        }
        transitions[number * PatternMatcher.symbols + symbol] = result
        return result
    }

    private func add(_ state: State) -> Int16? {
        guard states.count < PatternMatcher.maxStates else { return nil }
        let number = Int16(states.count)
        states.append(state)
        numbers[state] = number
        transitions += Array(repeating: PatternMatcher.unknown, count: PatternMatcher.symbols)
        return number
    }

    /// The instructions that read a character, of all that can be reached without reading; `nil` if the match is one.
    private func closure(of state: State, after: UInt32?) -> [Int32]? {
        var stack = state.pending
        var seen = Set(stack)
        var reading: [Int32] = []
        func push(_ instruction: Int32) {
            if seen.insert(instruction).inserted { stack.append(instruction) }
        }
        while let instruction = stack.popLast() {
            switch program.instructions[Int(instruction)] {
            case .one: reading.append(instruction)
            case .assertion(let assertion):
                if assertion.holds(before: state.before.scalar, after: after) { push(instruction + 1) }
            case .split(let first, let second):
                push(first)
                push(second)
            case .jump(let target): push(target)
            case .match: return nil
            }
        }
        return reading
    }
}
