import Foundation
import Queries
import TestSupport
import Testing

@Suite("Regular expressions that are safe to take from anybody")
struct RequestPatternTests {
    @Test(
        "A pattern is found, or not, as other engines find it",
        arguments: [
            "a", "ab", "^a", "a$", "^a$", "a|b", "^(a|b)$", "a*", "^a*$", "a+b", "ab?c", "a{2}", "^a{2,3}$",
            "^a{0}$", "a{2,}", "[abc]", "[^abc]", "^[a-c]+$", "[]a]", "[a-]", "\\d+", "^\\w+$", "\\s", "\\D", "^\\W",
            "\\S\\S", "\\bab\\b", "a\\Bb", "(?i)AB", "(?i)é", "a.c", "(?s)a.c", "(?m)^b$", "(a(b(c)?)?)+$", "(?:ab)+",
            "(?<n>a)b", "\\.", "\\x41", "\\x{1F600}", "\\u00e9", "é+", "日.本", "a*?b", "(a*)*", "(a|aa)+$", "()",
            "(|a)b", "x*y*z*$", "\\Aab", "ab\\z", "^^a", "[\\d.]+$", "[\\w-]+@", "a\\{2\\}", "/p/[0-9]+$", "(a?){3}b",
        ])
    func agreement(pattern: String) throws {
        let ours = try CompiledPattern(pattern)
        let theirs = try NSRegularExpression(pattern: pattern)
        let texts = [
            "", "a", "b", "ab", "abc", "aab", "aaa", "aaaa", "ba", "xaby", "a b", "a\nb", "a\nc", "a\nb\nc", "ABC", "É",
            "é", "éé", "日x本", "😀", "12.5", "a1_b", "-", "]", "a.c", "x@y", "/p/10", "/p/x", "  ", "a{2}", "zzz", "b a",
        ]
        // Letters beyond ASCII are word characters for that engine, as they are not for RE2.
        let isASCII = ["\\w", "\\W", "\\b", "\\B"].contains { pattern.contains($0) }
        #expect(
            ours.matches(each: texts) == texts.map { ours.matches($0) }, "\(pattern): many texts are searched otherwise"
        )
        for text in texts where !isASCII || text.utf8.allSatisfy({ $0 < 0x80 }) {
            let whole = NSRange(text.startIndex..., in: text)
            let expected = theirs.firstMatch(in: text, range: whole) != nil
            #expect(ours.matches(text) == expected, "\(pattern) in \(text.debugDescription)")
        }
    }

    @Test(
        "What is broken or cannot be matched in bounded time is refused",
        arguments: [
            "(", ")", "a)", "[", "[a", "[b-a]", "*", "+a", "a**", "?", "{2}", "\\", "\\1", "(a)\\1", "(?=a)", "(?!a)",
            "(?<=a)", "(?<!a)", "(?P>a)", "(?x)a", "\\p{L}", "[[:alpha:]]", "a{3,2}", "a{1001}", "\\x{110000}",
            "\\uD800", "\\q", "(((a{100}){100}){100})", "((((){1000}){1000}){1000})", "(?i", "(?<n", "(a",
            String(repeating: "(", count: 500), String(repeating: "a", count: 1_001),
        ])
    func refused(pattern: String) {
        let error = #expect(throws: PatternError.self) { try CompiledPattern(pattern) }
        #expect(error?.detail.isEmpty == false)
    }

    @Test(
        "Hostile patterns take no more than their bound",
        arguments: ["(a+)+$", "^(a|a)*$", "(a|aa)+$", "(.*)*x", "((a*)*)*b"])
    func hostile(pattern: String) throws {
        let text = String(repeating: "a", count: 8_000) + "!"
        #expect(try !CompiledPattern(pattern).matches(text))
    }

    @Test("Many texts are searched as one is, also where there is no room for more states")
    func manyTexts() throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "b", "[ab]", ".", "\\b", "^", "$", "(?m)", "\\w", "\\W", "(a|b)", "(ab)*", "a+", "b{0,2}", "(a|b){7}",
            "é", "\\B",
            "[^a]", "|", "a?",
        ]
        let letters = ["a", "a", "b", "b", "c", " ", "\n", "_", "é", "1"]
        func text(_ parts: [String], _ most: Int) -> String {
            (0..<Int.random(in: 0...most, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
                .joined()
        }
        var sources = ["(a|b)*a(a|b){12}$", "a(a|b){14}c"]
        for _ in 0..<400 { sources.append(text(pieces, 6)) }
        for source in sources {
            guard let pattern = try? CompiledPattern(source) else { continue }
            let texts = (0..<60).map { _ in text(letters, 40) }
            #expect(
                pattern.matches(each: texts) == texts.map { pattern.matches($0) }, "seed \(seed), pattern \(source)")
        }
    }

    @Test("The empty pattern is found everywhere, and word characters are ASCII, as in RE2")
    func re2() throws {
        #expect(try CompiledPattern("").matches(""))
        #expect(try CompiledPattern("").matches("a"))
        #expect(try !CompiledPattern("\\w").matches("é"))
        #expect(try CompiledPattern("a\\bé").matches("aé"))
    }

    @Test("Bytes that are not UTF-8 are one unknown character each")
    func invalidBytes() throws {
        let bytes: [UInt8] = [0x61, 0xFF, 0xC3, 0x62]
        let found = try ["^a..b$", "^a[^x][^x]b$", "^a\\Wx?\\Wb$", "ÿ", "^a.b$"].map { pattern in
            let compiled = try CompiledPattern(pattern)
            return bytes.withUnsafeBytes { compiled.matches($0) }
        }
        #expect(found == [true, true, true, false, false])
    }

    @Test("Anchors that are repeated, lazily too, are found where they stand once, or not at all")
    func repeatedAnchors() throws {
        for (pattern, text, isFound) in [
            ("^+?.\\b|", "", true), ("^+?a", "a", true), ("^+?a", "ba", false), ("b$+", "ab", true),
            ("b$*a", "ba", true),
            ("(^)*b", "ab", true), ("(\\b)+b", "ab", false),
        ] {
            #expect(try CompiledPattern(pattern).matches(text) == isFound, "\(pattern) in \(text)")
        }
    }

    @Test("Random patterns agree with another engine, or are refused, and never trap")
    func random() {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "a", "b", "ab", ".", "[ab]", "[^a]", "(", ")", "(?:", "|", "*", "+", "?", "{2}", "{0,2}", "^", "$", "\\b",
            "é",
        ]
        for _ in 0..<4_000 {
            let parts = (0..<generator.int(1...8)).map { _ in generator.pick(pieces) }
            // Something repeated that has no width confuses the other engine: it does not find `^+?.|` in nothing.
            let repeats = zip(parts, parts.dropFirst()).contains { part, next in
                ["^", "$", "\\b", ")"].contains(part) && ["*", "+", "?", "{2}", "{0,2}"].contains(next)
                    && (part != ")" || parts.contains { ["^", "$", "\\b"].contains($0) })
            }
            let pattern = parts.joined()
            guard !repeats, let ours = try? CompiledPattern(pattern),
                let theirs = try? NSRegularExpression(pattern: pattern)
            else { continue }
            for _ in 0..<4 {
                let text = (0..<generator.int(0...6)).map { _ in
                    generator.pick(pattern.contains("\\b") ? ["a", "b", " "] : ["a", "b", "é", " "])
                }.joined()
                let expected = theirs.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
                #expect(ours.matches(text) == expected, "\(pattern) in \(text.debugDescription), seed \(seed)")
            }
        }
    }
}
