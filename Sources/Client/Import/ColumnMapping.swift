/// The `COLUMN=FIELD` pairs of the command line.
public struct ColumnMapping: Sendable, Equatable {
    /// One pair.
    public struct Entry: Sendable, Equatable {
        /// The column's name in the header row.
        public var column: String
        /// Where its cells go.
        public var target: ColumnTarget
    }

    /// The pairs, in the order they were given.
    public let entries: [Entry]

    /// Reads `COLUMN=FIELD` texts; a column's name may hold `=`, a field's cannot.
    public init(_ texts: [String]) throws(ClientError) {
        var entries: [Entry] = []
        for text in texts {
            guard let equals = text.lastIndex(of: "="), equals != text.startIndex else {
                throw ClientError(.usage, "--map \(Console.harmless(text)): write COLUMN=FIELD, as in user_id=visitor")
            }
            let column = String(text[..<equals])
            let field = String(text[text.index(after: equals)...])
            guard let target = ColumnTarget(field) else {
                let known = EventField.allCases.map(\.rawValue).joined(separator: ", ")
                throw ClientError(
                    .usage,
                    "--map \(Console.harmless(text)): \(Console.harmless(field)) is no field of an event; "
                        + "there are \(known), and props.NAME for a property")
            }
            guard !entries.contains(where: { $0.column == column }) else {
                throw ClientError(.usage, "--map names the column \(Console.harmless(column)) twice")
            }
            guard !entries.contains(where: { $0.target == target }) else {
                throw ClientError(.usage, "--map gives \(Console.harmless(field)) two columns")
            }
            entries.append(Entry(column: column, target: target))
        }
        self.entries = entries
    }

    /// Decides where each column of a header row goes.
    ///
    /// A mapping wins; then a column with a field's own name is that field; every other column becomes a property.
    ///
    /// - Returns: one target a column, in the header's order.
    public func targets(header: [String]) throws(ClientError) -> [ColumnTarget] {
        for entry in entries where !header.contains(entry.column) {
            let known = header.map { Console.harmless($0) }.joined(separator: ", ")
            throw ClientError(
                .usage, "--map: there is no column \(Console.harmless(entry.column)); the header has \(known)")
        }
        var targets: [ColumnTarget] = []
        for (index, name) in header.enumerated() {
            let target = target(of: name, at: index)
            if let other = targets.firstIndex(of: target) {
                throw ClientError(
                    .usage,
                    "the columns \(other + 1) and \(index + 1) of the header are both \(Self.name(of: target)); "
                        + "give one of them another place with --map")
            }
            targets.append(target)
        }
        guard targets.contains(.field(.event)) else {
            throw ClientError(
                .usage, "no column holds the event's name; say which one does with --map COLUMN=event")
        }
        return targets
    }

    private func target(of name: String, at index: Int) -> ColumnTarget {
        if let entry = entries.first(where: { $0.column == name }) { return entry.target }
        // A field that the command line gives to another column leaves this one to the properties.
        if let target = ColumnTarget(name), !entries.contains(where: { $0.target == target }) { return target }
        return .property(name.isEmpty ? "column_\(index + 1)" : name)
    }

    private static func name(of target: ColumnTarget) -> String {
        switch target {
        case .field(let field): field.rawValue
        case .property(let name): "props.\(Console.harmless(name))"
        }
    }
}
