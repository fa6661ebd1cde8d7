/// Why an event was not taken. The raw values are part of the API: stable, one for each kind of mistake.
public enum RejectionCode: String, CaseIterable, Sendable {
    /// A line is not JSON.
    case invalidJSON = "invalid_json"
    /// A string is not valid Unicode: broken UTF-8 or half of a surrogate pair.
    case invalidUTF8 = "invalid_utf8"
    /// A number does not fit: an integer outside of 64 bits, or a number that would be infinite.
    case invalidNumber = "invalid_number"
    /// Arrays and objects nest too deep, in the event as a whole or in its properties.
    case nestingTooDeep = "nesting_too_deep"
    /// The event is JSON, but not an object.
    case notAnObject = "not_an_object"
    /// The event has no name.
    case missingEvent = "missing_event"
    /// A field or property has a type it cannot have.
    case invalidType = "invalid_type"
    /// A field that must not be empty is.
    case emptyValue = "empty_value"
    /// A text is longer than its field allows. Nothing is ever cut.
    case valueTooLong = "value_too_long"
    /// The time is neither RFC 3339 nor integer Unix milliseconds, or a date that does not exist.
    case invalidTime = "invalid_time"
    /// The time lies before 1970 or after 9999.
    case timeOutOfRange = "time_out_of_range"
    /// The time is too far ahead of the server's clock.
    case timeInFuture = "time_in_future"
    /// The time is further back than the late limit.
    case timeTooOld = "time_too_old"
    /// The site's name is empty, too long, or has characters other than letters, digits, dot, underscore and hyphen.
    case invalidSite = "invalid_site"
    /// The event has too many properties.
    case tooManyProperties = "too_many_properties"
    /// A property's array has too many members.
    case tooManyValues = "too_many_values"
    /// A property's name is empty or too long.
    case propertyNameInvalid = "property_name_invalid"
    /// The event, or its properties alone, are too large.
    case eventTooLarge = "event_too_large"
    /// The body spreads over too many combinations of site and calendar month.
    case tooManyPartitions = "too_many_partitions"
    /// The site's schema names the events there may be, and this is none of them.
    case schemaEventNotAllowed = "schema_event_not_allowed"
    /// The site's schema names the properties of such an event, and this has another.
    case schemaPropertyNotAllowed = "schema_property_not_allowed"
    /// A property that the site's schema requires is missing.
    case schemaPropertyMissing = "schema_property_missing"
    /// A property has another type than the site's schema says.
    case schemaPropertyType = "schema_property_type"
    /// A property has none of the values that the site's schema names.
    case schemaPropertyEnum = "schema_property_enum"
    /// A number is outside of the bounds of the site's schema.
    case schemaPropertyRange = "schema_property_range"
    /// A text is shorter or longer than the site's schema allows.
    case schemaPropertyLength = "schema_property_length"
    /// The event's site demands a key, and there is none, or none for it.
    case unauthorized
    /// Pages of the request's origin may not send events to the event's site.
    case forbiddenOrigin = "forbidden_origin"
    /// The event's key has had as many events as it may.
    case rateLimited = "rate_limited"

    /// Whether the event was refused for who sent it, not for what it is.
    public var isAboutAccess: Bool { self == .unauthorized || self == .forbiddenOrigin || self == .rateLimited }
}

/// An event that was not taken, with all that its sender and its dead letter need.
public struct Rejection: Sendable, Hashable {
    /// Which event: 0-based position in the array, or number of the line, blank ones not counted.
    public var index: Int
    /// The kind of mistake.
    public var code: RejectionCode
    /// A sentence or two for a person: what is wrong, why, and what to do.
    public var detail: String
    /// The event as it was sent, cut to ``DecodeLimits/maxRejectedRawBytes``.
    public var raw: [UInt8]
    /// Bytes it had before it was cut.
    public var rawBytes: Int
    /// The site whose dead letter this is: the event's own where it names a valid one that it may go to, else the request's;
    /// empty where that is closed to it too.
    public var site: String
    /// The visitor derived for it, empty where it names one.
    public var visitor: String
    /// Of its request: how it came, its `User-Agent`, and whether it is a backfill.
    public var transport = ""
    public var userAgent: [UInt8] = []
    public var isBackfill = false

    /// Creates a rejection.
    public init(
        index: Int, code: RejectionCode, detail: String, raw: [UInt8], rawBytes: Int? = nil, site: String,
        visitor: String = ""
    ) {
        self.rawBytes = rawBytes ?? raw.count
        self.visitor = visitor
        self.index = index
        self.code = code
        self.detail = detail
        self.raw = raw
        self.site = site
    }
}

/// Why one event cannot become a row, before it is known where the event stood.
struct Refusal: Error {
    let code: RejectionCode
    let detail: String

    init(_ code: RejectionCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
