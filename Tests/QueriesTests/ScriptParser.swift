import TestSupport

extension Script {
    /// Reads a script.
    ///
    /// - Throws: a ``ScriptError`` for whatever would make the script prove less than it seems to: a keyword that
    ///   nobody reads, a query without an expectation, a script without queries or without the rule it specifies.
    init(name: String, text: String) throws(ScriptError) {
        self.name = name
        blocks = []
        var reader = ScriptReader(name: name, text: text)
        guard reader.beginsWithComment else {
            throw ScriptError(name: name, line: 1, reason: "a script begins with a comment that states its rule")
        }
        while let paragraph = reader.next() {
            try append(paragraph)
        }
        if let open = openQuery { throw error(open, "this query has no expectation after it") }
        guard blocks.contains(where: { if case .query = $0.content { true } else { false } }) else {
            throw ScriptError(name: name, line: 1, reason: "the script has no query")
        }
    }

    /// The line of the last query if it still waits for its expectation.
    private var openQuery: Int? {
        guard let last = blocks.last, case .query(let question) = last.content, question.expectationLine == 0 else {
            return nil
        }
        return last.line
    }

    private mutating func append(_ paragraph: ScriptReader.Paragraph) throws(ScriptError) {
        let line = paragraph.line
        let words = paragraph.keyword.split(separator: " ").map(String.init)
        if let open = openQuery, !["expect", "refused"].contains(words.first) {
            throw error(open, "this query has no expectation after it")
        }
        switch (words.first ?? "", words.count) {
        case ("load", 1):
            guard !paragraph.body.isEmpty else { throw error(line, "`load` has no events") }
            for (offset, text) in paragraph.body { _ = try json(text, line: offset) }
            blocks.append(Block(line: line, content: .load(paragraph.body.map(\.text))))
        case ("seal", 1), ("restart", 1):
            guard paragraph.body.isEmpty else { throw error(line, "`\(words[0])` has no body") }
            blocks.append(Block(line: line, content: words[0] == "seal" ? .seal : .restart))
        case ("query", 2):
            // Whether the body is a query is for the engine to say: refusals have scripts too.
            let question = Question(
                kind: words[1], body: paragraph.text, expectationLine: 0, expectation: .refused(""))
            blocks.append(Block(line: line, content: .query(question)))
        case ("expect", 1): try expect(.includes(try json(paragraph.text, line: line)), line)
        case ("expect", 2) where words[1] == "exactly": try expect(.equals(try json(paragraph.text, line: line)), line)
        case ("refused", 2):
            guard paragraph.body.isEmpty else { throw error(line, "`refused` has no body") }
            try expect(.refused(words[1]), line)
        default: throw error(line, "`\(paragraph.keyword)` is no block")
        }
    }

    private mutating func expect(_ expectation: Expectation, _ line: Int) throws(ScriptError) {
        guard openQuery != nil, let last = blocks.indices.last, case .query(var question) = blocks[last].content else {
            throw error(line, "an expectation stands right after its query")
        }
        question.expectation = expectation
        question.expectationLine = line
        blocks[last].content = .query(question)
    }

    private func json(_ text: String, line: Int) throws(ScriptError) -> JSON {
        do {
            return try JSON(parsing: text)
        } catch {
            throw self.error(line, "no JSON: \(error)")
        }
    }

    private func error(_ line: Int, _ reason: String) -> ScriptError {
        ScriptError(name: name, line: line, reason: reason)
    }
}

/// Splits a script into paragraphs: a keyword line and its body, up to the next blank line.
private struct ScriptReader {
    struct Paragraph {
        var line: Int
        var keyword: String
        var body: [(line: Int, text: String)] = []

        var text: String { body.map(\.text).joined(separator: "\n") }
    }

    private let lines: [String]
    private var index = 0

    init(name: String, text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    var beginsWithComment: Bool { lines.first?.hasPrefix("#") ?? false }

    mutating func next() -> Paragraph? {
        var paragraph: Paragraph?
        while index < lines.count {
            let line = lines[index]
            index += 1
            // JSON never begins with `#`, so comments may stand anywhere.
            if line.hasPrefix("#") { continue }
            if line.utf8.allSatisfy({ $0 == 0x20 }) {
                if paragraph != nil { break }
                continue
            }
            if paragraph == nil {
                paragraph = Paragraph(line: index, keyword: line)
            } else {
                paragraph?.body.append((index, line))
            }
        }
        return paragraph
    }
}
