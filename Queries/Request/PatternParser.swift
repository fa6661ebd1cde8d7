/// Reads the text of a pattern into its tree. Everything is bounded: length, nesting, repetition counts.
struct PatternParser {
    static let maxScalars = 1_000
    static let maxNesting = 30
    static let maxRepetition = 1_000

    private struct Flags {
        var ignoresCase = false
        var multiline = false
        var dotMatchesNewline = false
    }

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var flags = Flags()

    init(_ source: String) throws(PatternError) {
        scalars = Array(source.unicodeScalars)
        guard scalars.count <= Self.maxScalars else {
            throw PatternError(
                detail: "the pattern has more than \(Self.maxScalars) characters", position: Self.maxScalars)
        }
    }

    mutating func parse() throws(PatternError) -> PatternNode {
        let node = try choice(nesting: 0)
        guard index == scalars.count else { throw error("there is a ')' without its '('") }
        return node
    }

    private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private func error(_ detail: String) -> PatternError {
        PatternError(detail: detail, position: index)
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        index += 1
        return true
    }

    private mutating func choice(nesting: Int) throws(PatternError) -> PatternNode {
        guard nesting <= Self.maxNesting else { throw error("groups nest deeper than \(Self.maxNesting)") }
        var alternatives = [try sequence(nesting: nesting)]
        while take("|") { alternatives.append(try sequence(nesting: nesting)) }
        return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
    }

    private mutating func sequence(nesting: Int) throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            let atom = try self.atom(nesting: nesting)
            parts.append(try repetition(of: atom))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repetition(of atom: PatternNode) throws(PatternError) -> PatternNode {
        let bounds: (minimum: Int, maximum: Int?)
        switch current {
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "?": bounds = (0, 1)
        case "{":
            guard let counted = try countedBounds() else { return atom }
            bounds = counted
            index -= 1
        default: return atom
        }
        index += 1
        // Whether it takes much or little first does not change whether there is a match.
        if current == "?" { index += 1 }
        if let next = current, "*+?".unicodeScalars.contains(next) {
            throw error("a repetition cannot be repeated; put the first in a group")
        }
        return .repeated(atom, minimum: bounds.minimum, maximum: bounds.maximum)
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; a brace that begins none of these is a literal, as in RE2.
    private mutating func countedBounds() throws(PatternError) -> (minimum: Int, maximum: Int?)? {
        let start = index
        index += 1
        guard let minimum = try count() else {
            index = start
            return nil
        }
        var maximum: Int? = minimum
        if take(",") { maximum = try count() }
        guard take("}") else {
            index = start
            return nil
        }
        if let maximum, maximum < minimum { throw error("a repetition's second number is smaller than its first") }
        return (minimum, maximum)
    }

    private mutating func count() throws(PatternError) -> Int? {
        var value: Int?
        while let scalar = current, let digit = scalar.decimalDigit {
            let next = (value ?? 0) * 10 + digit
            guard next <= Self.maxRepetition else { throw error("a repetition count is above \(Self.maxRepetition)") }
            value = next
            index += 1
        }
        return value
    }

    private mutating func atom(nesting: Int) throws(PatternError) -> PatternNode {
        guard let scalar = current else { return .empty }
        switch scalar {
        case "(": return try group(nesting: nesting)
        case "[": return .one(try characterClass())
        case "*", "+", "?": throw error("there is nothing before '\(scalar)' to repeat")
        case "{":
            let start = index
            if try countedBounds() != nil {
                index = start
                throw error("there is nothing before '{' to repeat")
            }
            index += 1
            return .one(literal(scalar))
        case ".":
            index += 1
            return .one(flags.dotMatchesNewline ? .everything : .exceptNewline)
        case "^":
            index += 1
            return .assertion(flags.multiline ? .lineStart : .textStart)
        case "$":
            index += 1
            return .assertion(flags.multiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        default:
            index += 1
            return .one(literal(scalar))
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
        ScalarSet([scalar.value...scalar.value], ignoresCase: flags.ignoresCase)
    }
}

// MARK: - Groups

extension PatternParser {
    private mutating func group(nesting: Int) throws(PatternError) -> PatternNode {
        index += 1
        let outer = flags
        if take("?") {
            if take("P") {
                guard current == "<" else { throw error("after (?P there must be a <name>") }
            }
            if current == "<" {
                index += 1
                guard current != "=", current != "!" else { throw error("lookbehind is not supported") }
                while let scalar = current, scalar != ">" { index += 1 }
                guard take(">") else { throw error("the group's name does not end") }
            } else if current == "=" || current == "!" {
                throw error("lookahead is not supported")
            } else if !take(":") {
                let isWholeGroup = try groupFlags()
                // Flags alone hold to the end of the group around them.
                if isWholeGroup { return .empty }
            }
        }
        let node = try choice(nesting: nesting + 1)
        guard take(")") else { throw error("a '(' has no ')'") }
        flags = outer
        return node
    }

    /// Reads `i`, `m`, `s` and `-` up to `)` (then `true`) or `:`.
    private mutating func groupFlags() throws(PatternError) -> Bool {
        var value = true
        while let scalar = current {
            index += 1
            switch scalar {
            case "i": flags.ignoresCase = value
            case "m": flags.multiline = value
            case "s": flags.dotMatchesNewline = value
            case "-": value = false
            case ")": return true
            case ":": return false
            default: throw error("the flag '\(scalar)' is not supported; there are i, m and s")
            }
        }
        throw error("a '(' has no ')'")
    }
}

// MARK: - Escapes and classes

extension PatternParser {
    private mutating func escape() throws(PatternError) -> PatternNode {
        guard index + 1 < scalars.count else { throw error("the pattern ends after a backslash") }
        let scalar = scalars[index + 1]
        let assertion: PatternAssertion? =
            switch scalar {
            case "b": .wordBoundary
            case "B": .noWordBoundary
            case "A": .textStart
            case "z": .textEnd
            default: nil
            }
        if let assertion {
            index += 2
            return .assertion(assertion)
        }
        if let ranges = try classEscape() { return .one(ScalarSet(ranges)) }
        return .one(literal(try scalarEscape()))
    }

    /// Reads `\d`, `\w`, `\s` or their opposites.
    private mutating func classEscape() throws(PatternError) -> [ClosedRange<UInt32>]? {
        guard index + 1 < scalars.count else { throw error("the pattern ends after a backslash") }
        let ranges: [ClosedRange<UInt32>]? =
            switch scalars[index + 1] {
            case "d": ScalarSet.digit.members
            case "D": ScalarSet.digit.complement
            case "w": ScalarSet.word.members
            case "W": ScalarSet.word.complement
            case "s": ScalarSet.space.members
            case "S": ScalarSet.space.complement
            default: nil
            }
        if ranges != nil { index += 2 }
        return ranges
    }

    /// Reads an escape that stands for one scalar.
    private mutating func scalarEscape() throws(PatternError) -> Unicode.Scalar {
        index += 1
        guard let scalar = current else { throw error("the pattern ends after a backslash") }
        index += 1
        switch scalar {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "f": return "\u{0C}"
        case "v": return "\u{0B}"
        case "a": return "\u{07}"
        case "x":
            if take("{") {
                let value = try hexadecimal(1...6)
                guard take("}") else { throw error("a '{' has no '}'") }
                return value
            }
            return try hexadecimal(2...2)
        case "u": return try hexadecimal(4...4)
        default:
            if scalar.decimalDigit != nil { throw error("references to groups are not supported") }
            if scalar.properties.isAlphabetic { throw error("the escape \\\(scalar) is not supported") }
            return scalar
        }
    }

    private mutating func hexadecimal(_ digits: ClosedRange<Int>) throws(PatternError) -> Unicode.Scalar {
        var value: UInt32 = 0
        var taken = 0
        while taken < digits.upperBound, let digit = current.flatMap({ Character($0).hexDigitValue }) {
            value = value << 4 | UInt32(digit)
            taken += 1
            index += 1
        }
        guard digits.contains(taken), let scalar = Unicode.Scalar(value) else {
            throw error("a hexadecimal escape is not a Unicode character")
        }
        return scalar
    }

    private mutating func characterClass() throws(PatternError) -> ScalarSet {
        index += 1
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while true {
            guard let scalar = current else { throw error("a '[' has no ']'") }
            if scalar == "]", !isFirst {
                index += 1
                break
            }
            isFirst = false
            if scalar == "[", index + 1 < scalars.count, ":.=".unicodeScalars.contains(scalars[index + 1]) {
                throw error("named classes such as [:alpha:] are not supported")
            }
            if scalar == "\\", let escaped = try classEscape() {
                ranges += escaped
                continue
            }
            let lower = try classMember()
            guard current == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
                ranges.append(lower.value...lower.value)
                continue
            }
            index += 1
            let upper = try classMember()
            guard lower.value <= upper.value else { throw error("a range in a class runs backwards") }
            ranges.append(lower.value...upper.value)
        }
        return ScalarSet(ranges, isNegated: isNegated, ignoresCase: flags.ignoresCase)
    }

    private mutating func classMember() throws(PatternError) -> Unicode.Scalar {
        guard let scalar = current else { throw error("a '[' has no ']'") }
        if scalar == "\\" { return try scalarEscape() }
        index += 1
        return scalar
    }
}

extension Unicode.Scalar {
    fileprivate var decimalDigit: Int? {
        self >= "0" && self <= "9" ? Int(value - 0x30) : nil
    }
}
