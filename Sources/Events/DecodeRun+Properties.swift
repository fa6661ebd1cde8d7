/// The properties of an event: flattened, checked, and matched with columns.
extension DecodeRun {
    /// Flattens `props` into the scratch.
    @inline(__always)
    mutating func collectProperties() throws(Refusal) {
        let index = scratch.slots[EventField.props.rawValue]
        if index == 0 { return }
        guard tape.kind(index) == JSONTape.Kind.object else {
            throw wrongType("props", "an object of properties", index)
        }
        try flatten(index, prefix: UnsafeRawBufferPointer(start: nil, count: 0), depth: 1, members: 0)
    }

    /// Flattens one object.
    ///
    /// - Parameters:
    ///   - object: its index on the tape.
    ///   - prefix: the dotted name of the object, empty for `props` itself.
    ///   - depth: levels the names of its members have; bounds the recursion.
    ///   - members: how much of the members' stack the objects around this one use.
    private mutating func flatten(
        _ object: Int, prefix: UnsafeRawBufferPointer, depth: Int, members base: Int
    ) throws(Refusal) {
        let stack = scratch.members
        var top = base
        var index = object &+ 1
        let end = tape.close(object)
        while index < end {
            let nameHash = hash(tape.string(index))
            stack[top] = DecodeScratch.Member(
                nameHash: nameHash, name: Int32(truncatingIfNeeded: index), value: Int32(truncatingIfNeeded: index &+ 1)
            )
            top &+= 1
            index = tape.next(index &+ 1)
        }
        dropReplaced(from: base, to: top)
        for position in base..<top {
            let member = stack[position]
            let value = Int(member.value)
            let kind = tape.kind(value)
            if member.name == 0 || kind == JSONTape.Kind.null { continue }
            let nameBytesBefore = nameBytes
            let key = tape.string(Int(member.name))
            let name = try propertyName(prefix: prefix, key: key)
            if kind == JSONTape.Kind.object {
                guard depth < limits.maxPropertyDepth else {
                    throw Refusal(
                        .nestingTooDeep,
                        "`props.\(text(name))` is an object \(depth) levels deep; properties nest \(limits.maxPropertyDepth) "
                            + "levels. Send flatter properties.")
                }
                let before = propertyCount
                try flatten(value, prefix: name, depth: depth &+ 1, members: top)
                if propertyCount == before { nameBytes = nameBytesBefore }
            } else {
                let nameHash = prefix.isEmpty ? member.nameHash : hash(name)
                let isThere = try addProperty(name, nameHash: nameHash, value: value, kind: kind)
                if !isThere { nameBytes = nameBytesBefore }
            }
        }
    }

    /// Marks the members that a later one of the same name replaces.
    @inline(__always)
    private func dropReplaced(from base: Int, to top: Int) {
        if top &- base > 64 {
            dropReplacedOfMany(from: base, to: top)
            return
        }
        let stack = scratch.members
        var position = base
        while position < top {
            let nameHash = stack[position].nameHash
            var later = position &+ 1
            while later < top {
                if stack[later].nameHash == nameHash { stack[position].name = 0 }
                later &+= 1
            }
            position &+= 1
        }
    }

    @inline(never)
    private func dropReplacedOfMany(from base: Int, to top: Int) {
        var seen: Set<UInt64> = []
        for position in (base..<top).reversed() where !seen.insert(scratch.members[position].nameHash).inserted {
            scratch.members[position].name = 0
        }
    }

    /// The dotted name of a member, which stays until the next event.
    @inline(__always)
    private mutating func propertyName(
        prefix: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer
    ) throws(Refusal) -> UnsafeRawBufferPointer {
        let count = prefix.isEmpty ? key.count : prefix.count &+ 1 &+ key.count
        guard !key.isEmpty, count <= limits.maxPropertyNameBytes else { throw invalidName(prefix, key) }
        guard let start = prefix.baseAddress, let keyStart = key.baseAddress, !prefix.isEmpty else { return key }
        let out = scratch.names + nameBytes
        out.copyMemory(from: start, byteCount: prefix.count)
        out.storeBytes(of: UInt8(ascii: "."), toByteOffset: prefix.count, as: UInt8.self)
        (out + prefix.count + 1).copyMemory(from: keyStart, byteCount: key.count)
        nameBytes &+= count
        return UnsafeRawBufferPointer(start: out, count: count)
    }

    /// Adds a property; false where its value is an array without members, which is no value.
    @inline(__always)
    private mutating func addProperty(
        _ name: UnsafeRawBufferPointer, nameHash: UInt64, value: Int, kind: UInt8
    ) throws(Refusal) -> Bool {
        guard propertyCount < limits.maxProperties else {
            throw Refusal(
                .tooManyProperties,
                "The event has more than the \(limits.maxProperties) properties allowed. Send those that are asked for."
            )
        }
        var property = DecodeScratch.Property(
            name: name, nameHash: nameHash, scalar: DecodeScratch.Scalar(bytes: name, kind: .list), list: 0..<0,
            column: -1)
        propertyBytes &+= name.count
        if kind == JSONTape.Kind.array {
            let start = listMemberCount
            try addList(name, array: value)
            if listMemberCount == start {
                propertyBytes &-= name.count
                return false
            }
            property.list = Int32(truncatingIfNeeded: start)..<Int32(truncatingIfNeeded: listMemberCount)
        } else {
            property.scalar = try scalar(name, value: value, kind: kind)
        }
        guard propertyBytes <= limits.maxPropertyBytes else {
            throw Refusal(
                .eventTooLarge,
                "The event's properties have more than the \(limits.maxPropertyBytes) bytes allowed, names and values "
                    + "together. Send less with it.")
        }
        scratch.properties[propertyCount] = property
        propertyCount &+= 1
        return true
    }

    private mutating func addList(_ name: UnsafeRawBufferPointer, array: Int) throws(Refusal) {
        let start = listMemberCount
        var index = array &+ 1
        let end = tape.close(array)
        while index < end {
            let kind = tape.kind(index)
            guard kind != JSONTape.Kind.array, kind != JSONTape.Kind.object else {
                throw Refusal(
                    .invalidType,
                    "`props.\(text(name))` is an array with \(JSONTape.describe(kind)) in it. Its members must be strings, "
                        + "numbers or booleans.")
            }
            if kind != JSONTape.Kind.null {
                guard listMemberCount &- start < limits.maxListMembers else {
                    throw Refusal(
                        .tooManyValues,
                        "`props.\(text(name))` is an array of more than the \(limits.maxListMembers) values allowed.")
                }
                scratch.listMembers[listMemberCount] = try scalar(name, value: index, kind: kind)
                listMemberCount &+= 1
            }
            index = tape.next(index)
        }
    }

    /// A scalar's text and kind; its bytes are counted.
    @inline(__always)
    private mutating func scalar(
        _ name: UnsafeRawBufferPointer, value: Int, kind: UInt8
    ) throws(Refusal) -> DecodeScratch.Scalar {
        let scalar: DecodeScratch.Scalar
        switch kind {
        case JSONTape.Kind.string:
            let bytes = tape.string(value)
            guard bytes.count <= limits.maxStringBytes else {
                throw tooLong("props.\(text(name))", bytes.count, limits.maxStringBytes)
            }
            scalar = DecodeScratch.Scalar(bytes: bytes, kind: .string)
        case JSONTape.Kind.yes: scalar = DecodeScratch.Scalar(bytes: Boolean.yes, kind: .boolean)
        case JSONTape.Kind.no: scalar = DecodeScratch.Scalar(bytes: Boolean.no, kind: .boolean)
        default:
            scalar = DecodeScratch.Scalar(bytes: numberText(value), kind: .number, number: tape.number(value))
        }
        propertyBytes &+= scalar.bytes.count
        return scalar
    }

    private func text(_ name: UnsafeRawBufferPointer) -> String {
        String(decoding: name, as: UTF8.self)
    }

    @inline(never)
    private func invalidName(_ prefix: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer) -> Refusal {
        if key.isEmpty {
            return Refusal(.propertyNameInvalid, "A property has an empty name. Give it one.")
        }
        let start = text(UnsafeRawBufferPointer(rebasing: (prefix.isEmpty ? key : prefix).prefix(60)))
        return Refusal(
            .propertyNameInvalid,
            "A property name that begins with \"\(start)\" is longer than the \(limits.maxPropertyNameBytes) bytes allowed."
        )
    }
}

/// The texts of the booleans.
private enum Boolean {
    static var yes: UnsafeRawBufferPointer { bytes("true") }
    static var no: UnsafeRawBufferPointer { bytes("false") }

    private static func bytes(_ text: StaticString) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
