/// A rule by which a new version of a schema refuses what the one before it took.
public struct SchemaBreak: Sendable, Equatable {
    /// The kinds of rule. The raw values are part of the API.
    public enum Rule: String, Sendable {
        case eventNotAllowed = "event_not_allowed"
        case propertyNotAllowed = "property_not_allowed"
        case required
        case type
        case `enum`
        case minimum
        case maximum
        case minLength = "min_length"
        case maxLength = "max_length"
    }

    public var rule: Rule
    /// The event that is meant; `nil` for all that the schema does not name.
    public var event: String?
    /// The property that is meant; `nil` for the event as a whole.
    public var property: String?

    /// Creates a break.
    public init(rule: Rule, event: String?, property: String?) {
        self.rule = rule
        self.event = event
        self.property = property
    }
}

extension EventSchema {
    /// What this schema refuses and `old` takes; empty where every event that `old` takes is taken by this one too.
    ///
    /// A schema that only warns takes everything.
    public func breaks(comparedTo old: EventSchema) -> [SchemaBreak] {
        guard mode == .reject else { return [] }
        let old = old.mode == .reject ? old : EventSchema()
        var breaks: [SchemaBreak] = []
        if isClosed {
            if !old.isClosed { breaks.append(SchemaBreak(rule: .eventNotAllowed, event: nil, property: nil)) }
            for event in old.events where rules(of: event.name) == nil {
                breaks.append(SchemaBreak(rule: .eventNotAllowed, event: event.name, property: nil))
            }
        }
        for event in events {
            let before = old.rules(of: event.name)
            if before == nil, old.isClosed { continue }
            breaks += event.breaks(comparedTo: before ?? Event(name: event.name))
        }
        return breaks
    }

    private func rules(of name: String) -> Event? {
        events.first { $0.name.utf8.elementsEqual(name.utf8) }
    }
}

extension EventSchema.Event {
    fileprivate func breaks(comparedTo old: EventSchema.Event) -> [SchemaBreak] {
        var breaks: [SchemaBreak] = []
        func add(_ rule: SchemaBreak.Rule, _ property: String?) {
            breaks.append(SchemaBreak(rule: rule, event: name, property: property))
        }
        if isClosed {
            if !old.isClosed { add(.propertyNotAllowed, nil) }
            for property in old.properties where rule(of: property.name) == nil {
                add(.propertyNotAllowed, property.name)
            }
        }
        for property in properties {
            guard let before = old.rule(of: property.name) else {
                if property.isRequired { add(.required, property.name) }
                if !old.isClosed {
                    for rule in property.narrowings(of: EventSchema.Property(name: property.name)) {
                        add(rule, property.name)
                    }
                }
                continue
            }
            if property.isRequired, !before.isRequired { add(.required, property.name) }
            for rule in property.narrowings(of: before) { add(rule, property.name) }
        }
        return breaks
    }

    private func rule(of name: String) -> EventSchema.Property? {
        properties.first { $0.name.utf8.elementsEqual(name.utf8) }
    }
}

extension EventSchema.Property {
    /// The rules by which a value that `old` takes may be refused.
    fileprivate func narrowings(of old: EventSchema.Property) -> [SchemaBreak.Rule] {
        var rules: [SchemaBreak.Rule] = []
        if !old.types.isSubset(of: types) { rules.append(.type) }
        if let allowed {
            let texts = Set(allowed.map { Array($0.utf8) })
            if !(old.allowed?.allSatisfy { texts.contains(Array($0.utf8)) } ?? false) { rules.append(.enum) }
        }
        if !old.types.isDisjoint(with: [.number, .integer]) {
            if let minimum, minimum > old.minimum ?? -.infinity { rules.append(.minimum) }
            if let maximum, maximum < old.maximum ?? .infinity { rules.append(.maximum) }
        }
        if old.types.contains(.string) {
            if let minLength, minLength > old.minLength ?? 0 { rules.append(.minLength) }
            if let maxLength, maxLength < old.maxLength ?? .max { rules.append(.maxLength) }
        }
        return rules
    }
}
