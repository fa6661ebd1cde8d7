/// A pattern as instructions for an automaton that is in several states at once.
struct PatternProgram: Sendable {
    /// More instructions than this are refused; it bounds the time a byte of text can cost.
    static let maxInstructions = 2_000

    enum Instruction: Sendable {
        /// Goes on behind itself when the next scalar is in the set with this number.
        case one(Int32)
        /// Goes on behind itself when the place is right.
        case assertion(PatternAssertion)
        /// Goes on at both places.
        case split(Int32, Int32)
        case jump(Int32)
        case match
    }

    fileprivate(set) var instructions: [Instruction] = []
    /// Apart from the instructions, so that these can be copied without counting references.
    fileprivate(set) var sets: [ScalarSet] = []

    /// Whether the pattern is found in the text.
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        let count = instructions.count
        return instructions.withUnsafeBufferPointer { instructions in
            sets.withUnsafeBufferPointer { sets in
                // Two lists of states, a stack, and for each state the step at which it was last added.
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: 4 * count) { memory in
                    var run = PatternRun(instructions: instructions, sets: sets, memory: memory)
                    return run.matches(text)
                }
            }
        }
    }
}

/// One search: the states after each scalar.
private struct PatternRun {
    private let instructions: UnsafeBufferPointer<PatternProgram.Instruction>
    private let sets: UnsafeBufferPointer<ScalarSet>
    private let stack: UnsafeMutableBufferPointer<Int32>
    private let addedAt: UnsafeMutableBufferPointer<Int32>
    private var active: UnsafeMutableBufferPointer<Int32>
    private var next: UnsafeMutableBufferPointer<Int32>
    private var nextCount = 0
    private var step: Int32 = 0

    init(
        instructions: UnsafeBufferPointer<PatternProgram.Instruction>, sets: UnsafeBufferPointer<ScalarSet>,
        memory: UnsafeMutableBufferPointer<Int32>
    ) {
        self.instructions = instructions
        self.sets = sets
        let count = instructions.count
        memory.initialize(repeating: 0)
        active = UnsafeMutableBufferPointer(rebasing: memory[0..<count])
        next = UnsafeMutableBufferPointer(rebasing: memory[count..<2 * count])
        stack = UnsafeMutableBufferPointer(rebasing: memory[2 * count..<3 * count])
        addedAt = UnsafeMutableBufferPointer(rebasing: memory[3 * count..<4 * count])
    }

    mutating func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        var before: UInt32?
        var activeCount = 0
        var after = Self.scalar(text, &index)
        beginStep()
        if add(0, before: nil, after: after) { return true }
        while let scalar = after {
            swap(&active, &next)
            activeCount = nextCount
            before = scalar
            after = Self.scalar(text, &index)
            beginStep()
            for position in 0..<activeCount {
                let state = active[position]
                guard case .one(let set) = instructions[Int(state)], sets[Int(set)].contains(scalar) else { continue }
                if add(state + 1, before: before, after: after) { return true }
            }
            // The pattern may start here as well.
            if add(0, before: before, after: after) { return true }
        }
        return false
    }

    private mutating func beginStep() {
        nextCount = 0
        step += 1
    }

    /// Adds a state and all that can be reached from it without reading. True when the match is one of them.
    private mutating func add(_ state: Int32, before: UInt32?, after: UInt32?) -> Bool {
        var depth = 0
        push(state, &depth)
        while depth > 0 {
            depth -= 1
            let state = stack[depth]
            switch instructions[Int(state)] {
            case .one:
                next[nextCount] = state
                nextCount += 1
            case .assertion(let assertion):
                if assertion.holds(before: before, after: after) { push(state + 1, &depth) }
            case .split(let first, let second):
                push(first, &depth)
                push(second, &depth)
            case .jump(let target): push(target, &depth)
            case .match: return true
            }
        }
        return false
    }

    /// Each state is pushed at most once a step, so neither the stack nor the list can run over.
    private mutating func push(_ state: Int32, _ depth: inout Int) {
        guard addedAt[Int(state)] != step else { return }
        addedAt[Int(state)] = step
        stack[depth] = state
        depth += 1
    }

    /// Decodes the scalar at `index` and moves on; one bad byte is one invalid scalar. `nil` at the end.
    private static func scalar(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> UInt32? {
        guard index < text.count else { return nil }
        let lead = text[index]
        index += 1
        if lead < 0x80 { return UInt32(lead) }
        let length = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1
        guard lead >= 0xC2, lead <= 0xF4, index + length <= text.count else { return ScalarSet.invalid }
        var value = UInt32(lead) & (0x3F >> UInt32(length))
        for offset in 0..<length {
            let byte = text[index + offset]
            guard byte & 0xC0 == 0x80 else { return ScalarSet.invalid }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        index += length
        return value
    }
}

/// Unfolds a pattern's tree into instructions.
struct PatternCompiler {
    /// Parts that may be unfolded, empty ones included, which leave no instruction behind.
    private static let maxVisits = 20_000

    private var program = PatternProgram()
    private var visits = 0

    mutating func compile(_ node: PatternNode) throws(PatternError) -> PatternProgram {
        try emit(node)
        try append(.match)
        return program
    }

    private var here: Int32 { Int32(program.instructions.count) }

    private mutating func append(_ instruction: PatternProgram.Instruction) throws(PatternError) {
        guard program.instructions.count < PatternProgram.maxInstructions else { throw tooLarge }
        program.instructions.append(instruction)
    }

    private var tooLarge: PatternError {
        PatternError(
            detail: "its repetitions unfold to more than \(PatternProgram.maxInstructions) instructions", position: 0)
    }

    private mutating func emit(_ node: PatternNode) throws(PatternError) {
        visits += 1
        guard visits <= Self.maxVisits else { throw tooLarge }
        switch node {
        case .empty: break
        case .one(let set):
            try append(.one(Int32(program.sets.count)))
            program.sets.append(set)
        case .assertion(let assertion): try append(.assertion(assertion))
        case .sequence(let parts):
            for part in parts { try emit(part) }
        case .choice(let alternatives): try emit(choice: alternatives)
        case .repeated(let part, let minimum, let maximum):
            for _ in 0..<minimum { try emit(part) }
            if let maximum {
                try emit(part, atMost: maximum - minimum)
            } else {
                // split, part, jump back to the split.
                let split = here
                try append(.split(split + 1, 0))
                try emit(part)
                try append(.jump(split))
                program.instructions[Int(split)] = .split(split + 1, here)
            }
        }
    }

    private mutating func emit(choice alternatives: [PatternNode]) throws(PatternError) {
        var exits: [Int32] = []
        for (number, alternative) in alternatives.enumerated() {
            let isLast = number == alternatives.count - 1
            let split = here
            if !isLast { try append(.split(split + 1, 0)) }
            try emit(alternative)
            if !isLast {
                exits.append(here)
                try append(.jump(0))
                program.instructions[Int(split)] = .split(split + 1, here)
            }
        }
        for exit in exits { program.instructions[Int(exit)] = .jump(here) }
    }

    private mutating func emit(_ part: PatternNode, atMost count: Int) throws(PatternError) {
        var splits: [Int32] = []
        for _ in 0..<count {
            splits.append(here)
            try append(.split(here + 1, 0))
            try emit(part)
        }
        for split in splits { program.instructions[Int(split)] = .split(split + 1, here) }
    }
}
