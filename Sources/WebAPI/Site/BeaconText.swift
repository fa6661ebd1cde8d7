/// Makes the beacon short enough for every page of a site, without a tool to install.
///
/// Lines that are comments go, and so do indents and the spaces beside punctuation. That is right for a source whose
/// strings and patterns hold no spaces, as the beacon's: a browser runs the result in the tests.
enum BeaconText {
    private static let punctuation: Set<Character> = [
        "=", "(", ")", "{", "}", ",", ";", ":", "?", "<", ">", "&", "|", "+", "*", "!", "-",
    ]

    static func shortened(_ source: String) -> String {
        source.split(separator: "\n").map(stripped).filter { !$0.isEmpty && !$0.hasPrefix("//") }
            .map(withoutSpaces).joined(separator: "\n")
    }

    private static func stripped(_ line: Substring) -> Substring {
        var line = line
        while line.first == " " { line.removeFirst() }
        while line.last == " " { line.removeLast() }
        return line
    }

    private static func withoutSpaces(_ line: Substring) -> String {
        var text = ""
        var rest = line
        while let character = rest.popFirst() {
            let isBeside = text.last.map(punctuation.contains) ?? true
            if character == " ", isBeside || rest.first.map(punctuation.contains) ?? true { continue }
            text.append(character)
        }
        return text
    }
}
