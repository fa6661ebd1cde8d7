/// Writes a CSV record as one line of NDJSON.
public struct CSVEncoder: Sendable {
    /// A column with what is written before its value: a comma-free `"name":`.
    private struct Column: Sendable {
        var index: Int
        var key: [UInt8]
        var kind: Kind
    }

    private enum Kind: Sendable {
        /// Always a string.
        case text
        /// Milliseconds where the text is a time, else the text itself.
        case time
        /// A number where the text is one, else the text itself.
        case number
        /// A number or a boolean where nothing is lost by it, else a string.
        case scalar
    }

    /// How many cells a record has.
    public let columnCount: Int
    private let fields: [Column]
    private let properties: [Column]

    /// Creates an encoder for records whose cells go to `targets`.
    public init(targets: [ColumnTarget]) {
        var fields: [Column] = []
        var properties: [Column] = []
        for (index, target) in targets.enumerated() {
            switch target {
            case .field(let field):
                let kind: Kind =
                    switch field {
                    case .time: .time
                    case .value: .number
                    default: .text
                    }
                fields.append(Column(index: index, key: Self.key(field.rawValue), kind: kind))
            case .property(let name):
                properties.append(Column(index: index, key: Self.key(name), kind: .scalar))
            }
        }
        columnCount = targets.count
        self.fields = fields
        self.properties = properties
    }

    private static func key(_ name: String) -> [UInt8] {
        var key: [UInt8] = []
        JSONText.appendString(name, to: &key)
        key.append(UInt8(ascii: ":"))
        return key
    }

    /// Appends the record as an object and a line end; empty cells are left out.
    ///
    /// - Parameters:
    ///   - record: the record's bytes.
    ///   - cells: exactly ``columnCount`` cells of it.
    ///   - output: where the line goes.
    public func append(_ record: UnsafeRawBufferPointer, cells: [CSVCell], to output: inout [UInt8]) {
        precondition(cells.count == columnCount, "a record must have as many cells as the header")
        output.append(UInt8(ascii: "{"))
        var isFirst = Self.appendMembers(fields, record, cells, isFirst: true, &output)
        let position = output.count
        if !isFirst { output.append(UInt8(ascii: ",")) }
        output.append(contentsOf: "\"props\":{".utf8)
        isFirst = Self.appendMembers(properties, record, cells, isFirst: true, &output)
        if isFirst {
            output.removeSubrange(position...)
        } else {
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: "}"))
        output.append(UInt8(ascii: "\n"))
    }

    /// Appends `"key":value` for each cell that is not empty; tells whether there was none.
    private static func appendMembers(
        _ columns: [Column], _ record: UnsafeRawBufferPointer, _ cells: [CSVCell], isFirst: Bool,
        _ output: inout [UInt8]
    ) -> Bool {
        var isFirst = isFirst
        for column in columns {
            let cell = cells[column.index]
            guard cell.end > cell.start else { continue }
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            output.append(contentsOf: column.key)
            let content = UnsafeRawBufferPointer(rebasing: record[Int(cell.start)..<Int(cell.end)])
            if cell.hasEscapes {
                appendUnescaping(content, &output)
            } else {
                appendValue(content, column.kind, &output)
            }
        }
        return isFirst
    }

    private static func appendValue(_ content: UnsafeRawBufferPointer, _ kind: Kind, _ output: inout [UInt8]) {
        switch kind {
        case .text: break
        case .time:
            if let reading = TimeText.read(trimmed(content)) {
                output.append(contentsOf: String(reading.milliseconds).utf8)
                return
            }
        case .number:
            let number = trimmed(content)
            if NumberText.isJSONNumber(number) {
                output.append(contentsOf: number)
                return
            }
        case .scalar:
            if NumberText.isCanonical(content) || isBoolean(content) {
                output.append(contentsOf: content)
                return
            }
        }
        JSONText.appendString(content, to: &output)
    }

    /// A quoted cell with doubled quotes: each pair is one quote of the text.
    @inline(never)
    private static func appendUnescaping(_ content: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            text.append(content[index])
            index += content[index] == UInt8(ascii: "\"") ? 2 : 1
        }
        text.withUnsafeBytes { JSONText.appendString($0, to: &output) }
    }

    private static func isBoolean(_ content: UnsafeRawBufferPointer) -> Bool {
        switch content.count {
        case 4: content.elementsEqual("true".utf8)
        case 5: content.elementsEqual("false".utf8)
        default: false
        }
    }

    private static func trimmed(_ content: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var rest = content[...]
        while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
        return UnsafeRawBufferPointer(rebasing: rest)
    }
}
