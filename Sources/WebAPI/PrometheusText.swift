/// Writes metrics in Prometheus' text format, version 0.0.4.
package struct PrometheusText {
    /// One number with its labels.
    package struct Sample {
        package var labels: [(String, String)]
        package var value: Double

        package init(labels: [(String, String)], value: Double) {
            self.labels = labels
            self.value = value
        }
    }

    package init() {}

    /// The media type of the format.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text so far.
    package private(set) var text = ""

    /// Appends one family: help, type and samples.
    package mutating func family(_ name: String, help: String, type: String, samples: [Sample]) {
        text += "# HELP \(name) \(Self.escape(help, quotes: false))\n# TYPE \(name) \(type)\n"
        for sample in samples {
            text += name
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { "\($0.0)=\"\(Self.escape($0.1, quotes: true))\"" }
                text += "{\(labels.joined(separator: ","))}"
            }
            text += " \(Self.format(sample.value))\n"
        }
    }

    /// Appends a family with one sample and no labels.
    mutating func single(_ name: String, help: String, type: String, value: Double) {
        family(name, help: help, type: type, samples: [Sample(labels: [], value: value)])
    }

    private static func format(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { String($0) } ?? "\(value)"
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
