/// Turns the parameters of a pixel's URL into one event.
public enum PixelEvent {
    private static let textFields: Set<String> = [
        "event", "visitor", "id", "site", "user", "session", "url", "referrer", "title", "language", "screen",
        "user_agent", "country",
    ]
    private static let propertyPrefix = "props."

    /// The event as JSON. Parameters that are no event field, such as cache busters, are left out.
    ///
    /// `value` becomes a number, and an integer `time` Unix milliseconds, when their text is one; otherwise they stay
    /// text, so that the event is rejected with its reason instead of losing a field. Properties are text; one that
    /// is named several times has several values. Of any other repeated parameter the last one counts.
    public static func json(_ query: QueryString) -> [UInt8] {
        var fields: [(name: String, value: String)] = []
        var properties: [(name: String, values: [String])] = []
        for (name, value) in query.parameters {
            if name.hasPrefix(propertyPrefix) {
                let property = String(name.dropFirst(propertyPrefix.count))
                if let known = properties.firstIndex(where: { $0.name == property }) {
                    properties[known].values.append(value)
                } else {
                    properties.append((property, [value]))
                }
            } else if textFields.contains(name) || name == "value" || name == "time" {
                fields.removeAll { $0.name == name }
                // An empty parameter is a template's blank, not a value.
                if !value.isEmpty || name == "event" {
                    fields.append((name, value))
                }
            }
        }
        var text = JSONText()
        text.raw("{")
        for (index, field) in fields.enumerated() {
            if index > 0 { text.raw(",") }
            text.string(field.name)
            text.raw(":")
            write(field.value, of: field.name, to: &text)
        }
        if !properties.isEmpty {
            text.raw(fields.isEmpty ? #""props":{"# : #","props":{"#)
            for (index, property) in properties.enumerated() {
                if index > 0 { text.raw(",") }
                text.string(property.name)
                text.raw(":")
                write(property.values, to: &text)
            }
            text.raw("}")
        }
        text.raw("}")
        return text.bytes
    }

    private static func write(_ value: String, of field: String, to text: inout JSONText) {
        let isNumber =
            field == "value" && JSONGrammar.isNumber(value) || field == "time" && JSONGrammar.isInteger(value)
        if isNumber {
            text.number(verified: value)
        } else {
            text.string(value)
        }
    }

    private static func write(_ values: [String], to text: inout JSONText) {
        if values.count == 1 {
            text.string(values[0])
            return
        }
        text.raw("[")
        for (index, value) in values.enumerated() {
            if index > 0 { text.raw(",") }
            text.string(value)
        }
        text.raw("]")
    }

    /// A transparent picture of one pixel, 43 bytes.
    public static let gif: [UInt8] = [
        0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
        0xFF, 0xFF, 0xFF, 0x21, 0xF9, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x2C, 0x00, 0x00, 0x00, 0x00,
        0x01, 0x00, 0x01, 0x00, 0x00, 0x02, 0x02, 0x44, 0x01, 0x00, 0x3B,
    ]
}
