/// What a key is good for.
public enum KeyScope: UInt8, Sendable, CaseIterable {
    /// Appending events.
    case write = 1
    /// Queries, and looking at refused events.
    case read = 2
    /// Everything.
    case admin = 3

    /// The name on the command line and in JSON.
    public var name: String {
        switch self {
        case .write: "write"
        case .read: "read"
        case .admin: "admin"
        }
    }

    /// Reads a name; `nil` for any other.
    public init?(name: String) {
        guard let scope = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = scope
    }

    /// Whether a key of this scope may do what needs `needed`.
    public func includes(_ needed: KeyScope) -> Bool { self == .admin || self == needed }
}

/// A key as it is stored: without its secret, of which there is only a keyed hash.
public struct KeyRecord: Sendable, Equatable {
    /// Bytes of ``mac``.
    public static let macBytes = 32
    /// Bytes of a name.
    public static let nameBytes = 200

    /// The public id, by which a presented key is looked up.
    public var id: UInt64
    /// What it is good for.
    public var scope: KeyScope
    /// The site it is for; `nil` for all, which only ``KeyScope/admin`` can be.
    public var site: String?
    /// What its owner calls it.
    public var name: String
    /// When it was made, Unix milliseconds.
    public var created: Int64
    /// When it was revoked, Unix milliseconds; such a key stays on record, so that its site stays closed.
    public var revoked: Int64?
    /// HMAC-SHA256 of the key's text under the store's secret.
    public var mac: [UInt8]
    /// Requests it may make a second; 0 for what the settings say.
    public var requestsPerSecond: UInt32 = 0
    /// Events it may send a second; 0 for what the settings say.
    public var eventsPerSecond: UInt32 = 0

    /// Creates a record.
    public init(
        id: UInt64, scope: KeyScope, site: String?, name: String, created: Int64, revoked: Int64? = nil, mac: [UInt8],
        requestsPerSecond: UInt32 = 0, eventsPerSecond: UInt32 = 0
    ) {
        self.id = id
        self.scope = scope
        self.site = site
        self.name = name
        self.created = created
        self.revoked = revoked
        self.mac = mac
        self.requestsPerSecond = requestsPerSecond
        self.eventsPerSecond = eventsPerSecond
    }
}
