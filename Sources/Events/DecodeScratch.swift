/// The memory an ``EventDecoder`` works in: allocated once, sized by the limits, reused for every event.
///
/// Every region is large enough for the largest event the limits allow, which is why nothing below checks for room.
final class DecodeScratch {
    /// A member of an object that is being flattened.
    struct Member {
        var nameHash: UInt64
        /// Index of the name on the tape; 0 where a later member of the same name replaces this one.
        var name: Int32
        /// Index of the value on the tape.
        var value: Int32
    }

    /// A scalar as text.
    struct Scalar {
        var bytes: UnsafeRawBufferPointer
        var kind: ValueKind
        /// The number itself, where it is one.
        var number = 0.0
    }

    /// A property, flattened.
    struct Property {
        var name: UnsafeRawBufferPointer
        var nameHash: UInt64
        /// Its text; for a list, `list` says where its members are.
        var scalar: Scalar
        var list: Range<Int32>
        var column: Int
    }

    /// For each ``EventField`` the tape index of its value, 0 where it is absent.
    let slots: UnsafeMutablePointer<Int>
    /// A stack of the members of the objects around the property at hand. Each member takes at least five bytes of
    /// JSON.
    let members: UnsafeMutablePointer<Member>
    /// The event's properties.
    let properties: UnsafeMutablePointer<Property>
    /// Members of the event's lists.
    let listMembers: UnsafeMutablePointer<Scalar>
    /// Canonical texts of the event's numbers.
    let numbers: UnsafeMutablePointer<UInt8>
    /// Dotted names of nested properties.
    let names: UnsafeMutableRawPointer
    /// A host or a decoded query value, while it is handed on.
    let text: UnsafeMutableRawPointer
    /// The name of the site that an event's key is for.
    private let site: UnsafeMutableRawBufferPointer

    init(limits: DecodeLimits) {
        let scalars = limits.maxProperties * limits.maxListMembers + limits.maxProperties
        slots = .allocate(capacity: EventField.count)
        slots.initialize(repeating: 0, count: EventField.count)
        members = .allocate(capacity: limits.maxEventBytes / 5 + 1)
        properties = .allocate(capacity: limits.maxProperties)
        listMembers = .allocate(capacity: scalars)
        numbers = .allocate(capacity: (scalars + EventField.count) * JSONTape.maxNumberBytes)
        // At most each property's own name and those of the objects around it, and one more that is being built.
        names = .allocate(
            byteCount: (limits.maxProperties + 1) * (limits.maxPropertyDepth + 1) * limits.maxPropertyNameBytes,
            alignment: 8)
        text = .allocate(byteCount: max(limits.maxURLBytes, limits.maxStringBytes) + 64, alignment: 8)
        site = .allocate(byteCount: limits.maxSiteBytes, alignment: 8)
    }

    /// Holds the name of a site until the next one.
    func keySite(_ name: String) -> UnsafeRawBufferPointer {
        var count = 0
        for byte in name.utf8.prefix(site.count) {
            site[count] = byte
            count += 1
        }
        return UnsafeRawBufferPointer(rebasing: site[..<count])
    }

    deinit {
        site.deallocate()
        slots.deallocate()
        members.deallocate()
        properties.deallocate()
        listMembers.deallocate()
        numbers.deallocate()
        names.deallocate()
        text.deallocate()
    }
}
