import Synchronization

/// Counts what was refused, and why.
final class AccessCounters: Sendable {
    let unauthorized = Atomic<Int>(0)
    let wrongScope = Atomic<Int>(0)
    let forbiddenOrigin = Atomic<Int>(0)
    let keyLimited = Atomic<Int>(0)
    let addressLimited = Atomic<Int>(0)
}

/// What access control has done since the start.
public struct AccessStatistics: Sendable, Equatable {
    /// Requests refused, by the reason's stable name.
    public var refused: [(reason: String, count: Int)]
    /// Keys that are valid, and those that were revoked.
    public var keys: Int
    public var revokedKeys: Int
    /// How often the table of addresses was too small.
    public var displacedAddresses: Int

    public static func == (left: AccessStatistics, right: AccessStatistics) -> Bool {
        left.refused.elementsEqual(right.refused, by: { $0 == $1 }) && left.keys == right.keys
            && left.revokedKeys == right.revokedKeys && left.displacedAddresses == right.displacedAddresses
    }
}
