/// What a site says its events must be: which names they may have, and which properties with which values.
///
/// A schema says nothing of what it does not name, unless it is closed. It is declared once and compiled for admission, see
/// ``CompiledSchema``.
public struct EventSchema: Sendable, Equatable {
    /// What becomes of an event that breaks a rule.
    public enum Mode: UInt8, Sendable, CaseIterable {
        /// It is refused, and goes to the dead letters.
        case reject = 0
        /// It is taken, and counted.
        case warn = 1
    }

    /// The types a value can have, as a set.
    public struct Types: OptionSet, Sendable, Hashable, BitwiseCopyable {
        public let rawValue: UInt8
        /// Creates a set of bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let string = Types(rawValue: 1)
        /// Any number; a whole one is also an ``integer``.
        public static let number = Types(rawValue: 2)
        public static let integer = Types(rawValue: 4)
        public static let boolean = Types(rawValue: 8)
        /// Every type.
        public static let any: Types = [.string, .number, .integer, .boolean]

        /// The types by their names in a schema.
        public static let named: [(name: String, type: Types)] = [
            ("string", .string), ("number", [.number, .integer]), ("integer", .integer), ("boolean", .boolean),
        ]

        /// The names of the types in the set; empty for ``any``.
        public var names: [String] {
            if self == .any { return [] }
            var names: [String] = []
            if contains(.string) { names.append("string") }
            if contains(.number) { names.append("number") } else if contains(.integer) { names.append("integer") }
            if contains(.boolean) { names.append("boolean") }
            return names
        }
    }

    /// A property and what its value must be. Each of several values is looked at.
    public struct Property: Sendable, Equatable {
        /// Dotted, without the `props.` prefix.
        public var name: String
        public var types: Types
        /// Whether an event without it is refused.
        public var isRequired: Bool
        /// The texts that a value may have; `nil` for all.
        public var allowed: [String]?
        /// Bounds of a number, themselves included.
        public var minimum: Double?
        public var maximum: Double?
        /// Bounds of a string's characters (Unicode scalars), themselves included.
        public var minLength: Int?
        public var maxLength: Int?

        /// Creates a rule; without anything else any value will do.
        public init(
            name: String, types: Types = .any, isRequired: Bool = false, allowed: [String]? = nil,
            minimum: Double? = nil, maximum: Double? = nil, minLength: Int? = nil, maxLength: Int? = nil
        ) {
            self.name = name
            self.types = types
            self.isRequired = isRequired
            self.allowed = allowed
            self.minimum = minimum
            self.maximum = maximum
            self.minLength = minLength
            self.maxLength = maxLength
        }
    }

    /// An event and its properties.
    public struct Event: Sendable, Equatable {
        public var name: String
        /// Whether properties that are not named here are refused.
        public var isClosed: Bool
        public var properties: [Property]

        /// Creates an event's rules; without properties, and open, everything will do.
        public init(name: String, isClosed: Bool = false, properties: [Property] = []) {
            self.name = name
            self.isClosed = isClosed
            self.properties = properties
        }
    }

    public var mode: Mode
    /// Whether events that are not named here are refused.
    public var isClosed: Bool
    public var events: [Event]

    /// Creates a schema; the default one takes everything.
    public init(mode: Mode = .reject, isClosed: Bool = false, events: [Event] = []) {
        self.mode = mode
        self.isClosed = isClosed
        self.events = events
    }
}

/// What a schema may hold; a larger one is refused when it is declared.
public enum SchemaLimits {
    /// Events of a schema.
    public static let events = 1000
    /// Properties of one event: as many as an event may have.
    public static let properties = 64
    /// Values that a property may be limited to.
    public static let allowed = 1000
    /// Properties of all events.
    public static let allProperties = 10_000
    /// Values of all properties.
    public static let allAllowed = 50_000
}
