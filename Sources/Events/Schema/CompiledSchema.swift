/// A schema as admission reads it: hashes instead of names, in flat memory that stays where it is.
///
/// An event's name is looked up by its hash and gives a range of rules, one a property, sorted by the hash of its name.
public final class CompiledSchema: Sendable {
    /// What an event of one name must be.
    struct EventRules {
        var nameHash: UInt64
        /// Its rules: those of required properties first in ``required``, all by hash in ``properties``.
        var first: Int32
        var count: Int32
        /// How many of its rules are of required properties.
        var required: Int32
        var isClosed: Bool
    }

    /// What a property must be.
    struct PropertyRule {
        var nameHash: UInt64
        var minimum: Double
        var maximum: Double
        var minLength: Int32
        var maxLength: Int32
        /// The hashes of the texts it may have, ascending; all if there are none.
        var firstAllowed: Int32
        var allowedCount: Int32
        /// Which of the schema's properties it is, for messages.
        var source: Int32
        var types: EventSchema.Types
        var isRequired: Bool
        var checksLength: Bool
    }

    /// What a loop holds on to instead of the schema itself, so that it need not count references: valid as long as the
    /// schema is.
    struct Rules {
        let mode: EventSchema.Mode
        let isClosed: Bool
        /// Open addressing by the hash of an event's name; −1 where there is none.
        let slots: UnsafePointer<Int32>
        let mask: Int
        let events: UnsafePointer<EventRules>
        let properties: UnsafePointer<PropertyRule>
        let allowed: UnsafePointer<UInt64>

        /// The rules of an event; `nil` if the schema does not name it.
        @inline(__always)
        func event(_ nameHash: UInt64) -> UnsafePointer<EventRules>? {
            var slot = Int(truncatingIfNeeded: nameHash) & mask
            while slots[slot] >= 0 {
                let event = events + Int(slots[slot])
                if event.pointee.nameHash == nameHash { return event }
                slot = (slot &+ 1) & mask
            }
            return nil
        }

        /// The rule of one of an event's properties; `nil` if the schema does not name it.
        @inline(__always)
        func rule(_ nameHash: UInt64, of event: UnsafePointer<EventRules>) -> UnsafePointer<PropertyRule>? {
            var low = Int(event.pointee.first)
            var high = low &+ Int(event.pointee.count)
            while low < high {
                let middle = (low &+ high) / 2
                let found = properties[middle].nameHash
                if found == nameHash { return properties + middle }
                if found < nameHash { low = middle &+ 1 } else { high = middle }
            }
            return nil
        }

        /// Whether a text is among those that a rule allows.
        @inline(__always)
        func allows(_ textHash: UInt64, _ rule: UnsafePointer<PropertyRule>) -> Bool {
            var low = Int(rule.pointee.firstAllowed)
            var high = low &+ Int(rule.pointee.allowedCount)
            while low < high {
                let middle = (low &+ high) / 2
                if allowed[middle] == textHash { return true }
                if allowed[middle] < textHash { low = middle &+ 1 } else { high = middle }
            }
            return false
        }
    }

    /// What was compiled.
    public let schema: EventSchema
    /// Its version.
    public let version: UInt64
    // Written when this is made, and only read from then on, which is what makes sharing it sound.
    nonisolated(unsafe) let rules: Rules
    nonisolated(unsafe) private let memory: [UnsafeMutableRawPointer]

    /// The name of the property that a rule is about.
    func property(_ rule: UnsafePointer<PropertyRule>) -> EventSchema.Property? {
        var index = Int(rule.pointee.source)
        for event in schema.events {
            if index < event.properties.count { return event.properties[index] }
            index -= event.properties.count
        }
        return nil
    }

    /// Compiles a schema for a store's hash function.
    public init(_ schema: EventSchema, version: UInt64, hash: EventHash) {
        self.schema = schema
        self.version = version
        var allowed: [UInt64] = []
        var properties: [PropertyRule] = []
        var events: [EventRules] = []
        var source: Int32 = 0
        for event in schema.events {
            var rules: [PropertyRule] = []
            for property in event.properties {
                let texts = (property.allowed ?? []).map { hash($0) }.sorted()
                rules.append(
                    PropertyRule(
                        nameHash: hash(property.name), minimum: property.minimum ?? -.infinity,
                        maximum: property.maximum ?? .infinity, minLength: Int32(clamping: property.minLength ?? 0),
                        maxLength: Int32(clamping: property.maxLength ?? .max),
                        firstAllowed: Int32(allowed.count), allowedCount: Int32(texts.count), source: source,
                        types: property.types, isRequired: property.isRequired,
                        checksLength: property.minLength != nil || property.maxLength != nil))
                allowed += texts
                source += 1
            }
            rules.sort { $0.nameHash < $1.nameHash }
            events.append(
                EventRules(
                    nameHash: hash(event.name), first: Int32(properties.count), count: Int32(rules.count),
                    required: Int32(rules.count { $0.isRequired }), isClosed: event.isClosed))
            properties += rules
        }
        let capacity = max(4, (events.count * 2 + 1).nextPowerOfTwo)
        var slots = [Int32](repeating: -1, count: capacity)
        for (index, event) in events.enumerated() {
            var slot = Int(truncatingIfNeeded: event.nameHash) & (capacity - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = Int32(index)
        }
        let copies = (Self.copy(slots), Self.copy(events), Self.copy(properties), Self.copy(allowed))
        rules = Rules(
            mode: schema.mode, isClosed: schema.isClosed, slots: copies.0, mask: capacity - 1, events: copies.1,
            properties: copies.2, allowed: copies.3)
        memory = [
            UnsafeMutableRawPointer(copies.0), UnsafeMutableRawPointer(copies.1), UnsafeMutableRawPointer(copies.2),
            UnsafeMutableRawPointer(copies.3),
        ]
    }

    private static func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
        copy.initialize(from: elements, count: elements.count)
        return copy
    }

    deinit {
        for block in memory { block.deallocate() }
    }
}
