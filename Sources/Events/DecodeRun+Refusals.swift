/// The sentences of refusals that several rules share: what is wrong, and what to do.
extension DecodeRun {
    @inline(never)
    func wrongType(_ field: String, _ expected: String, _ index: Int) -> Refusal {
        Refusal(.invalidType, "`\(field)` must be \(expected), and is \(JSONTape.describe(tape.kind(index))).")
    }

    @inline(never)
    func emptyValue(_ field: String) -> Refusal {
        Refusal(
            .emptyValue,
            "`\(field)` is empty. Send at least one character, or leave the field out where it is optional.")
    }

    @inline(never)
    func tooLong(_ field: String, _ count: Int, _ limit: Int) -> Refusal {
        Refusal(.valueTooLong, "`\(field)` has \(count) bytes, more than the \(limit) allowed. Send a shorter text.")
    }

    @inline(never)
    func invalidSite(_ name: String) -> Refusal {
        Refusal(
            .invalidSite,
            "\"\(name)\" cannot be a site's name: that is 1 to \(limits.maxSiteBytes) letters, digits, dots, underscores "
                + "and hyphens.")
    }

    /// The refusal of a text field that is no text or too long.
    @inline(never)
    func badText(_ slot: Int, _ limit: Int) -> Refusal {
        let name = EventField(rawValue: slot)?.name ?? "field"
        let index = scratch.slots[slot]
        if tape.kind(index) != JSONTape.Kind.string { return wrongType(name, "a string", index) }
        return tooLong(name, tape.string(index).count, limit)
    }
}

extension JSONTape {
    /// What a value is, in words.
    static func describe(_ kind: UInt8) -> String {
        switch kind {
        case Kind.string: "a string"
        case Kind.int, Kind.uint, Kind.double: "a number"
        case Kind.yes, Kind.no: "a boolean"
        case Kind.array: "an array"
        case Kind.object: "an object"
        default: "null"
        }
    }
}
