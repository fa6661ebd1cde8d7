import Events
import Queries

/// A site's schema as JSON: how it is declared and how it is shown.
///
///     {"mode": "reject", "additional_events": false, "events": {
///        "purchase": {"additional_properties": true, "properties": {
///           "amount": {"type": "number", "required": true, "min": 0},
///           "currency": {"type": "string", "enum": ["EUR", "USD"]}}}}}
enum SchemaDocument {
    /// Reads a declaration.
    ///
    /// - Returns: the schema, and whether it may refuse what the version before it took (`"force": true`).
    static func read(_ body: [UInt8]) throws(Problem) -> (schema: EventSchema, force: Bool) {
        let document = try DocumentReader(body)
        try document.requireOnly(["mode", "additional_events", "events", "force"])
        var schema = EventSchema(isClosed: !(try document.flag("additional_events", default: true)))
        switch try document.string("mode") {
        case nil, "reject": schema.mode = .reject
        case "warn": schema.mode = .warn
        default: throw Problem.invalidParameter("mode", "must be reject or warn.")
        }
        if let events = document["events"] {
            let events = try DocumentReader(events, called: "events")
            for name in events.names {
                guard let value = events[name] else { continue }
                schema.events.append(try event(name, value))
            }
        }
        try check(schema)
        // The order in which names are written means nothing, so the same schema is one version however it is written.
        for index in schema.events.indices { schema.events[index].properties.sort { precedes($0.name, $1.name) } }
        schema.events.sort { precedes($0.name, $1.name) }
        return (schema, try document.flag("force"))
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func event(_ name: String, _ value: JSONValue) throws(Problem) -> EventSchema.Event {
        let place = "events.\(name)"
        guard (1...DecodeLimits().maxNameBytes).contains(name.utf8.count) else {
            throw Problem.invalidParameter("events", "an event's name has 1 to \(DecodeLimits().maxNameBytes) bytes.")
        }
        let document = try DocumentReader(value, called: place)
        try document.requireOnly(["additional_properties", "properties"])
        var event = EventSchema.Event(
            name: name, isClosed: !(try document.flag("additional_properties", default: true)))
        if let properties = document["properties"] {
            let properties = try DocumentReader(properties, called: "\(place).properties")
            for name in properties.names {
                guard let value = properties[name] else { continue }
                event.properties.append(try property(name, value, place: "\(place).properties.\(name)"))
            }
        }
        return event
    }

    private static func property(
        _ name: String, _ value: JSONValue, place: String
    ) throws(Problem) -> EventSchema.Property {
        guard (1...DecodeLimits().maxPropertyNameBytes).contains(name.utf8.count) else {
            throw Problem.invalidParameter(
                place, "a property's name has 1 to \(DecodeLimits().maxPropertyNameBytes) bytes.")
        }
        let document = try DocumentReader(value, called: place)
        try document.requireOnly(["type", "required", "enum", "min", "max", "min_length", "max_length"])
        var property = EventSchema.Property(name: name, isRequired: try document.flag("required"))
        if let types = document["type"] { property.types = try read(types: types, place) }
        if let allowed = try document.array("enum") {
            var texts: [String] = []
            for value in allowed {
                guard let text = value.canonicalText else {
                    throw Problem.invalidParameter("\(place).enum", "must be strings, numbers or booleans.")
                }
                texts.append(text)
            }
            guard !texts.isEmpty else { throw Problem.invalidParameter("\(place).enum", "must not be empty.") }
            property.allowed = texts
        }
        property.minimum = try document.number("min")
        property.maximum = try document.number("max")
        property.minLength = try document.integer("min_length", in: 0...DecodeLimits().maxStringBytes)
        property.maxLength = try document.integer("max_length", in: 0...DecodeLimits().maxStringBytes)
        if let low = property.minimum, let high = property.maximum, low > high {
            throw Problem.invalidParameter("\(place).min", "must not be above `max`.")
        }
        if let low = property.minLength, let high = property.maxLength, low > high {
            throw Problem.invalidParameter("\(place).min_length", "must not be above `max_length`.")
        }
        return property
    }

    private static func read(types value: JSONValue, _ place: String) throws(Problem) -> EventSchema.Types {
        let names: [JSONValue]
        if case .array(let several) = value { names = several } else { names = [value] }
        var types: EventSchema.Types = []
        for name in names {
            guard case .string(let text) = name,
                let known = EventSchema.Types.named.first(where: { $0.name == text })
            else {
                throw Problem.invalidParameter("\(place).type", "must be string, number, integer or boolean.")
            }
            types.formUnion(known.type)
        }
        guard !types.isEmpty else { throw Problem.invalidParameter("\(place).type", "must not be empty.") }
        return types
    }

    private static func check(_ schema: EventSchema) throws(Problem) {
        let properties = schema.events.reduce(0) { $0 + $1.properties.count }
        let allowed = schema.events.reduce(0) { $0 + $1.properties.reduce(0) { $0 + ($1.allowed?.count ?? 0) } }
        let isTooLarge =
            schema.events.count > SchemaLimits.events || properties > SchemaLimits.allProperties
            || allowed > SchemaLimits.allAllowed
            || schema.events.contains { $0.properties.count > SchemaLimits.properties }
            || schema.events.contains { $0.properties.contains { $0.allowed?.count ?? 0 > SchemaLimits.allowed } }
        guard !isTooLarge else {
            throw Problem.invalidParameter(
                "events",
                "a schema has at most \(SchemaLimits.events) events, \(SchemaLimits.properties) properties an event and "
                    + "\(SchemaLimits.allProperties) in all, and \(SchemaLimits.allowed) values an enum and "
                    + "\(SchemaLimits.allAllowed) in all.")
        }
        if let twice = schema.events.map(\.name).firstRepeated {
            throw Problem.invalidParameter("events.\(twice)", "stands twice.")
        }
        for event in schema.events {
            if let twice = event.properties.map(\.name).firstRepeated {
                throw Problem.invalidParameter("events.\(event.name).properties.\(twice)", "stands twice.")
            }
        }
    }

    // MARK: Showing

    /// Writes a schema as it can be declared.
    static func write(_ schema: EventSchema, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("mode")
        writer.string(schema.mode == .reject ? "reject" : "warn")
        writer.key("additional_events")
        writer.bool(!schema.isClosed)
        writer.key("events")
        writer.beginObject()
        for event in schema.events {
            writer.key(event.name)
            writer.beginObject()
            writer.key("additional_properties")
            writer.bool(!event.isClosed)
            writer.key("properties")
            writer.beginObject()
            for property in event.properties {
                writer.key(property.name)
                write(property, to: &writer)
            }
            writer.endObject()
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ property: EventSchema.Property, to writer: inout JSONWriter) {
        writer.beginObject()
        let types = property.types.names
        if types.count == 1 {
            writer.key("type")
            writer.string(types[0])
        } else if !types.isEmpty {
            writer.key("type")
            writer.beginArray()
            for type in types { writer.string(type) }
            writer.endArray()
        }
        if property.isRequired {
            writer.key("required")
            writer.bool(true)
        }
        if let allowed = property.allowed {
            writer.key("enum")
            writer.beginArray()
            for text in allowed { writer.string(text) }
            writer.endArray()
        }
        if let minimum = property.minimum {
            writer.key("min")
            writer.number(minimum)
        }
        if let maximum = property.maximum {
            writer.key("max")
            writer.number(maximum)
        }
        if let length = property.minLength {
            writer.key("min_length")
            writer.integer(length)
        }
        if let length = property.maxLength {
            writer.key("max_length")
            writer.integer(length)
        }
        writer.endObject()
    }
}

extension Array where Element == String {
    /// The first element that stands there before, by bytes.
    fileprivate var firstRepeated: String? {
        var seen: Set<[UInt8]> = []
        for element in self {
            let bytes = [UInt8](element.utf8)
            if !seen.insert(bytes).inserted { return element }
        }
        return nil
    }
}
