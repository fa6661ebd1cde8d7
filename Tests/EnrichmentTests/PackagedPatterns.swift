import Enrichment
import Foundation
import Testing

/// The patterns of the package `uap-core`, read once for all tests, and its test cases.
enum PackagedPatterns {
    static let shared = Result { () throws(EnrichmentError) in
        try UserAgentPatterns(path: EnrichmentOptions.packagedPatterns)
    }

    /// An agent with what uap-core's tests want of it.
    struct Case {
        var agent = ""
        var members: [String: String] = [:]
    }

    /// The cases of a file of the package's `tests` folder.
    static func cases(_ name: String) throws -> [Case] {
        let path = "/usr/share/uap-core/tests/\(name)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var cases: [Case] = []
        for line in text.split(separator: "\n") {
            guard let colon = line.firstRange(of: ":") else { continue }
            let key = line[..<colon.lowerBound].drop { $0 == " " || $0 == "-" }
            let value = scalar(line[colon.upperBound...].drop { $0 == " " })
            if key == "user_agent_string" {
                cases.append(Case(agent: value))
            } else if !cases.isEmpty, !key.hasPrefix("#") {
                cases[cases.count - 1].members[String(key)] = value
            }
        }
        return cases
    }

    /// A scalar of YAML on one line, as those files have them.
    private static func scalar(_ text: Substring) -> String {
        var text = text
        while text.last == " " || text.last == "\r" { text.removeLast() }
        if text.count >= 2, text.first == "'", text.last == "'" {
            return String(text.dropFirst().dropLast().replacing("''", with: "'"))
        }
        if text.count >= 2, text.first == "\"", text.last == "\"" {
            return String(text.dropFirst().dropLast().replacing("\\\"", with: "\"").replacing("\\\\", with: "\\"))
        }
        return String(text)
    }
}

extension UserAgentPatterns {
    /// What the patterns say of a text.
    func families(of agent: String) -> Families {
        Array(agent.utf8).withUnsafeBytes { families(of: $0) }
    }

    /// The dimensions of a text.
    func read(_ agent: String, maxBytes: Int = 1024) -> UserAgent {
        Array(agent.utf8).withUnsafeBytes { read($0, maxBytes: maxBytes) }
    }
}
