/// A regular expression that is safe to take from anybody: the time to match grows with the text's length times the
/// pattern's, never faster, whatever either is.
///
/// It runs as an automaton over Unicode scalars that keeps all its states at once, instead of going back and trying
/// again as `Regex` and `NSRegularExpression` do, which a short hostile pattern can keep busy for years. The syntax is
/// that of RE2: literals, `.`, classes with ranges, `\d \w \s` and their opposites (ASCII), `\b`, `^ $ \A \z`, groups,
/// alternatives, `* + ? {n,m}`, and the flags `(?i) (?m) (?s)`. What needs to go back, references and lookaround, is
/// refused; so are `\p{…}` and `[:alpha:]`.
///
/// A pattern matches when it is found anywhere in the text; `^` and `$` tie it to the ends.
public struct CompiledPattern: Sendable, Equatable {
    /// The pattern as it was written.
    public let source: String
    private let program: PatternProgram

    /// Compiles a pattern.
    ///
    /// - Throws: What is wrong with it, and where.
    /// - Complexity: O(pattern), with bounds on its length and on what its repetitions may unfold to.
    public init(_ source: String) throws(PatternError) {
        var parser = try PatternParser(source)
        let tree = try parser.parse()
        var compiler = PatternCompiler()
        program = try compiler.compile(tree)
        self.source = source
    }

    public static func == (left: CompiledPattern, right: CompiledPattern) -> Bool {
        left.source == right.source
    }

    /// Whether the pattern is found in a text given as its UTF-8 bytes. Bytes that are not UTF-8 match nothing but `.`
    /// and negated classes.
    ///
    /// - Complexity: O(bytes × instructions); small patterns allocate nothing.
    public func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        program.matches(text)
    }

    /// What searches many texts for this pattern, on one thread.
    func matcher() -> PatternMatcher { PatternMatcher(program) }

    /// Which of many texts the pattern is found in, searched as filters search them.
    package func matches(each texts: [String]) -> [Bool] {
        let matcher = matcher()
        return texts.map { text in
            var copy = text
            return copy.withUTF8 { matcher.matches(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Whether the pattern is found in a text.
    public func matches(_ text: String) -> Bool {
        var copy = text
        return copy.withUTF8 { program.matches(UnsafeRawBufferPointer($0)) }
    }
}

/// Why a pattern was refused.
public struct PatternError: Error, Sendable, Equatable {
    /// What is wrong.
    public var detail: String
    /// Unicode scalars before the place.
    public var position: Int
}

/// The parts of a pattern.
indirect enum PatternNode: Sendable {
    case empty
    case one(ScalarSet)
    case assertion(PatternAssertion)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// `maximum` is `nil` for no end.
    case repeated(PatternNode, minimum: Int, maximum: Int?)
}

/// A condition on a place between two scalars.
enum PatternAssertion: Sendable {
    case textStart
    case textEnd
    case lineStart
    case lineEnd
    case wordBoundary
    case noWordBoundary

    func holds(before: UInt32?, after: UInt32?) -> Bool {
        switch self {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: before == nil || before == 0x0A
        case .lineEnd: after == nil || after == 0x0A
        case .wordBoundary: Self.isWord(before) != Self.isWord(after)
        case .noWordBoundary: Self.isWord(before) == Self.isWord(after)
        }
    }

    private static func isWord(_ scalar: UInt32?) -> Bool {
        guard let scalar else { return false }
        return ScalarSet.word.contains(scalar)
    }
}
