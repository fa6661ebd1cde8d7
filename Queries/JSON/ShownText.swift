/// Foreign text as messages show it: in quotes, cut to a bearable length, control characters replaced.
enum ShownText {
    /// Characters of foreign text that a message repeats at most.
    static let maxCharacters = 80

    static func quoted(_ text: String) -> String {
        "\"" + cut(text) + "\""
    }

    static func cut(_ text: String) -> String {
        var shown = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            guard count < maxCharacters else {
                shown += "…"
                break
            }
            let isControl = scalar.properties.generalCategory == .control
            shown.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return shown
    }
}
