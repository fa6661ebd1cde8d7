/// What one body and one event may use. What is beyond a limit is rejected with a code of its own, never cut.
public struct DecodeLimits: Sendable, Hashable {
    /// Bytes of a whole body, decompressed. Beyond: ``DecodeError/Code/bodyTooLarge``.
    public var maxBodyBytes = 64 << 20
    /// Events of a body. Beyond: ``DecodeError/Code/tooManyEvents``.
    public var maxEventsPerBody = 250_000
    /// Combinations of site and calendar month in one body. Beyond: ``RejectionCode/tooManyPartitions``.
    public var maxPartitionsPerBody = 1024
    /// Bytes of one event's JSON. Beyond: ``RejectionCode/eventTooLarge``.
    public var maxEventBytes = 64 << 10
    /// Bytes of one event's properties: their names, dotted, and their values as text. Beyond:
    /// ``RejectionCode/eventTooLarge``.
    public var maxPropertyBytes = 32 << 10
    /// Properties of one event, nulls not counted. Beyond: ``RejectionCode/tooManyProperties``.
    public var maxProperties = 64
    /// Members of a property's array, nulls not counted. Beyond: ``RejectionCode/tooManyValues``.
    public var maxListMembers = 64
    /// Levels of a property's dotted name. Beyond: ``RejectionCode/nestingTooDeep``.
    public var maxPropertyDepth = 4
    /// Levels of arrays and objects in one event. Beyond: ``RejectionCode/nestingTooDeep``.
    public var maxNestingDepth = 64
    /// Bytes of an event name, visitor, id, user or session. Beyond: ``RejectionCode/valueTooLong``.
    public var maxNameBytes = 200
    /// Bytes of a site's name. Beyond: ``RejectionCode/invalidSite``.
    public var maxSiteBytes = 64
    /// Bytes of `url` and `referrer`. Beyond: ``RejectionCode/valueTooLong``.
    public var maxURLBytes = 8192
    /// Bytes of every other text and of a property's value. Beyond: ``RejectionCode/valueTooLong``.
    public var maxStringBytes = 8192
    /// Bytes of a property's dotted name. Beyond: ``RejectionCode/propertyNameInvalid``.
    public var maxPropertyNameBytes = 200
    /// Bytes kept of a rejected event. As many as an event may have, so that only what is larger than any event that could be
    /// taken is cut.
    public var maxRejectedRawBytes = 64 << 10

    /// Creates the default limits.
    public init() {}
}
