import Events

/// A version of a site's schema, as it is stored. See `FORMAT.md`, "Schemas".
public struct SchemaVersion: Sendable, Equatable {
    /// Its number, from 1 on.
    public var number: UInt64
    /// When it was declared, Unix milliseconds.
    public var time: Int64
    /// What it says.
    public var schema: EventSchema

    /// The payload of its block.
    func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(time)
        writer.u8(schema.mode.rawValue)
        writer.u8(schema.isClosed ? 1 : 0)
        writer.varint(schema.events.count)
        for event in schema.events {
            writer.text(event.name)
            writer.u8(event.isClosed ? 1 : 0)
            writer.varint(event.properties.count)
            for property in event.properties { Self.encode(property, &writer) }
        }
        return writer.bytes
    }

    private static func encode(_ property: EventSchema.Property, _ writer: inout ByteWriter) {
        writer.text(property.name)
        writer.u8(property.types.rawValue)
        var flags: UInt8 = property.isRequired ? 1 : 0
        if property.allowed != nil { flags |= 2 }
        if property.minimum != nil { flags |= 4 }
        if property.maximum != nil { flags |= 8 }
        if property.minLength != nil { flags |= 16 }
        if property.maxLength != nil { flags |= 32 }
        writer.u8(flags)
        if let allowed = property.allowed {
            writer.varint(allowed.count)
            for text in allowed { writer.text(text) }
        }
        if let minimum = property.minimum { writer.f64(minimum) }
        if let maximum = property.maximum { writer.f64(maximum) }
        if let length = property.minLength { writer.varint(max(0, length)) }
        if let length = property.maxLength { writer.varint(max(0, length)) }
    }

    init(number: UInt64, time: Int64, schema: EventSchema) {
        self.number = number
        self.time = time
        self.schema = schema
    }

    /// Reads a payload.
    init(number: UInt64, decoding bytes: UnsafeRawBufferPointer) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        self.number = number
        time = try reader.fixed(Int64.self)
        guard let mode = EventSchema.Mode(rawValue: try reader.u8()) else { throw DecodingFault("has no mode") }
        schema = EventSchema(mode: mode, isClosed: try reader.u8() != 0)
        for _ in 0..<(try reader.count(ofSize: 3)) {
            var event = EventSchema.Event(name: try reader.text(), isClosed: try reader.u8() != 0)
            for _ in 0..<(try reader.count(ofSize: 3)) { event.properties.append(try Self.property(&reader)) }
            schema.events.append(event)
        }
        try reader.end()
    }

    private static func property(_ reader: inout ByteReader) throws(DecodingFault) -> EventSchema.Property {
        var property = EventSchema.Property(
            name: try reader.text(), types: EventSchema.Types(rawValue: try reader.u8()))
        let flags = try reader.u8()
        property.isRequired = flags & 1 != 0
        if flags & 2 != 0 {
            var allowed: [String] = []
            for _ in 0..<(try reader.count(ofSize: 1)) { allowed.append(try reader.text()) }
            property.allowed = allowed
        }
        if flags & 4 != 0 { property.minimum = try reader.f64() }
        if flags & 8 != 0 { property.maximum = try reader.f64() }
        if flags & 16 != 0 { property.minLength = try reader.bounded(Int(Int32.max)) }
        if flags & 32 != 0 { property.maxLength = try reader.bounded(Int(Int32.max)) }
        return property
    }
}
