/// What a value was in the event: kept so that the raw event can be shown as it was sent.
///
/// Queries compare the text: `3` and `"3"` are equal.
public enum ValueKind: UInt8, Sendable {
    case missing = 0
    case string = 1
    case number = 2
    case boolean = 3
    /// Several scalars; the entry's bytes are the little-endian `UInt32` codes of its members.
    case list = 4
}

/// The distinct values of one column: code → (hash, kind, bytes), append-only, code 0 being the missing value.
///
/// Identity is (hash, kind): two entries whose 64-bit hashes are equal are taken for the same value, as everywhere in
/// a store.
public struct ValueTable: Sendable {
    /// Hash of each value's text by code; `hashes[0]` is 0.
    public private(set) var hashes: [UInt64] = [0]
    /// ``ValueKind`` raw values by code.
    public private(set) var kinds: [UInt8] = [ValueKind.missing.rawValue]
    /// End offset in ``bytes`` of each value, by code.
    public private(set) var ends: [UInt32] = [0]
    /// The values' bytes, one after the other in code order.
    public private(set) var bytes: [UInt8] = []
    /// Whether any entry is a list.
    public private(set) var hasLists = false
    private var slots: [UInt32] = []

    /// The most bytes a table can hold: its offsets are 32 bits wide.
    public static let maxBytes = Int(UInt32.max)

    /// Creates a table that holds only the missing value.
    public init() {}

    /// Number of codes, the missing value among them.
    public var count: Int { hashes.count }

    /// Returns the code of a value, adding it if it is new.
    ///
    /// - Complexity: O(1) on average; O(bytes) when the value is new.
    public mutating func intern(_ value: UnsafeRawBufferPointer, kind: ValueKind, hash: UInt64) -> UInt32 {
        if slots.count < hashes.count * 2 { grow() }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let code = slots[slot]
            if code == 0 { break }
            if hashes[Int(code)] == hash, kinds[Int(code)] == kind.rawValue { return code }
            slot = (slot + 1) & mask
        }
        let code = UInt32(hashes.count)
        slots[slot] = code
        hashes.append(hash)
        kinds.append(kind.rawValue)
        bytes.append(contentsOf: value)
        ends.append(UInt32(bytes.count))
        if kind == .list { hasLists = true }
        return code
    }

    /// Whether a value has a code.
    @inline(__always)
    func contains(hash: UInt64, kind: ValueKind) -> Bool {
        if slots.isEmpty { return false }
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let code = Int(slots[slot])
            if hashes[code] == hash, kinds[code] == kind.rawValue { return true }
            slot = (slot &+ 1) & mask
        }
        return false
    }

    /// Adds a value known to be new, without making it findable: for tables that are only read.
    public mutating func appendUnindexed(_ value: UnsafeRawBufferPointer, kind: ValueKind, hash: UInt64) {
        hashes.append(hash)
        kinds.append(kind.rawValue)
        bytes.append(contentsOf: value)
        ends.append(UInt32(bytes.count))
        if kind == .list { hasLists = true }
    }

    /// Calls `body` with the bytes of a value.
    @inline(__always)
    public func withBytes<R>(of code: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let start = code == 0 ? 0 : Int(ends[code - 1])
        let end = Int(ends[code])
        return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    }

    /// The kind of a value.
    public func kind(of code: Int) -> ValueKind { ValueKind(rawValue: kinds[code]) ?? .missing }

    /// A value's text, `nil` for the missing value. Lists have none of their own: see ``members(of:)``.
    public func text(of code: Int) -> String? {
        guard code != 0 else { return nil }
        return withBytes(of: code) { String(decoding: $0, as: UTF8.self) }
    }

    /// The codes an entry stands for: its members for a list, itself otherwise.
    public func members(of code: Int) -> [UInt32] {
        guard kinds[code] == ValueKind.list.rawValue else { return [UInt32(code)] }
        return withBytes(of: code) { raw in
            (0..<(raw.count / 4)).map {
                UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
            }
        }
    }

    /// The codes an entry counts under: its members for a list, of those with equal text (`1` and `"1"`) the first;
    /// itself otherwise.
    public func countedMembers(of code: Int) -> [UInt32] {
        var counted: [UInt32] = []
        for member in members(of: code)
        where !counted.contains(where: { hashes[Int($0)] == hashes[Int(member)] }) { counted.append(member) }
        return counted
    }

    /// Adds every value of another table and returns where each of its codes went.
    ///
    /// - Parameter hash: used for lists, whose hash is that of their members' hashes.
    /// - Complexity: O(entries + bytes).
    public mutating func merge(_ other: ValueTable, hash: EventHash) -> [UInt32] {
        var map = [UInt32](repeating: 0, count: other.count)
        for code in 1..<max(1, other.count) where other.kinds[code] != ValueKind.list.rawValue {
            map[code] = other.withBytes(of: code) {
                intern($0, kind: other.kind(of: code), hash: other.hashes[code])
            }
        }
        if other.hasLists {
            for code in 1..<other.count where other.kinds[code] == ValueKind.list.rawValue {
                map[code] = internList(other.members(of: code).map { map[Int($0)] }, hash: hash)
            }
        }
        return map
    }

    /// Returns the code of a list of distinct members, adding it if it is new.
    ///
    /// A list of one member is that member, an empty one the missing value.
    public mutating func internList(_ members: [UInt32], hash: EventHash) -> UInt32 {
        if members.isEmpty { return 0 }
        if members.count == 1 { return members[0] }
        var identity: [UInt64] = []
        var raw: [UInt32] = []
        for member in members {
            identity.append(hashes[Int(member)] &+ UInt64(kinds[Int(member)]))
            raw.append(member.littleEndian)
        }
        let listHash = identity.withUnsafeBytes { hash($0) }
        return raw.withUnsafeBytes { intern($0, kind: .list, hash: listHash) }
    }

    @inline(never)
    private mutating func grow() {
        let capacity = max(16, slots.count * 2, (hashes.count * 4).nextPowerOfTwo)
        slots = [UInt32](repeating: 0, count: capacity)
        let mask = capacity - 1
        for code in 1..<max(1, hashes.count) {
            var slot = Int(truncatingIfNeeded: hashes[code]) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(code)
        }
    }
}

extension Int {
    /// The smallest power of two that is not below this number.
    var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
