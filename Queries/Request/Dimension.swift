import Events

/// What events are filtered and grouped by: a field that all can have, or one of their own properties.
public enum Dimension: Hashable, Sendable {
    case field(Field)
    /// A property, by its name without the prefix `props.`.
    case property(String)

    /// The name in queries and answers.
    public var name: String {
        switch self {
        case .field(let field): field.rawValue
        case .property(let name): Field.propertyPrefix + name
        }
    }

    /// Properties are told apart by the bytes of their names, not by what `String` takes for the same letters.
    public static func == (left: Dimension, right: Dimension) -> Bool {
        switch (left, right) {
        case (.field(let a), .field(let b)): a == b
        case (.property(let a), .property(let b)): a.utf8.elementsEqual(b.utf8)
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .field(let field): hasher.combine(field)
        case .property(let name):
            for byte in name.utf8 { hasher.combine(byte) }
        }
    }

    /// Reads a dimension from its name.
    ///
    /// - Parameter path: The place in the query, for the message.
    public init(_ text: String, path: String) throws(QueryError) {
        // By bytes: a name may begin with a mark that combines with the prefix's dot into one character.
        if text.utf8.starts(with: Field.propertyPrefix.utf8) {
            let name = String(decoding: text.utf8.dropFirst(Field.propertyPrefix.utf8.count), as: UTF8.self)
            guard !name.isEmpty else {
                throw QueryError(
                    .unknownDimension, "`\(path)`: after `props.` the property's name is missing, as in `props.plan`",
                    field: path)
            }
            guard name.utf8.count <= QueryLimits.maxPropertyNameBytes else {
                throw QueryError(
                    .limitExceeded,
                    "`\(path)`: a property's name has at most \(QueryLimits.maxPropertyNameBytes) bytes", field: path)
            }
            self = .property(name)
        } else if let field = Field(rawValue: text) {
            self = .field(field)
        } else if text == "id" {
            throw QueryError(
                .unknownDimension,
                "`\(path)`: events cannot be found by `id`; ids are kept only as long as duplicates are looked for. "
                    + "Send it as a property too if queries need it", field: path)
        } else if text == "site" {
            throw QueryError(
                .unknownDimension,
                "`\(path)`: every query is about one site, the one that its own `site` names", field: path)
        } else {
            let nearest = NearestName.hint(for: text, among: Field.allCases.map(\.rawValue))
            throw QueryError(
                .unknownDimension,
                "`\(path)`: there is no dimension \(ShownText.quoted(text))\(nearest). "
                    + "Properties are addressed as `props.NAME`", field: path)
        }
    }
}
