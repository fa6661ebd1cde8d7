/// What the schema of an event's site has against it.
extension DecodeRun {
    /// A rule that an event breaks.
    struct Violation {
        var code: RejectionCode
        /// The rule, if it is one of a property.
        var rule: UnsafePointer<CompiledSchema.PropertyRule>?
        /// The property at hand, an index of the scratch; −1 where there is none.
        var property: Int
    }

    /// Holds an event against the schema of its site, after its properties have been collected.
    ///
    /// - Complexity: O(properties · log rules + required properties · properties). Allocates for a refusal alone.
    @inline(__always)
    mutating func checkSchema(
        of partition: Int, name: UnsafeRawBufferPointer, nameHash: UInt64
    ) throws(Refusal) {
        guard let rules = partitions.all[partition].rules else { return }
        guard let violation = violation(of: rules, nameHash: nameHash) else { return }
        try settle(violation, partition: partition, name: name)
    }

    @inline(never)
    private mutating func settle(
        _ violation: Violation, partition: Int, name: UnsafeRawBufferPointer
    ) throws(Refusal) {
        guard let schema = partitions.all[partition].schema else { return }
        if schema.schema.mode == .warn {
            result.schemaWarnings[violation.code, default: 0] += 1
            return
        }
        throw Refusal(violation.code, describe(violation, schema, event: String(decoding: name, as: UTF8.self)))
    }

    /// The first rule that the event at hand breaks.
    private func violation(of rules: CompiledSchema.Rules, nameHash: UInt64) -> Violation? {
        guard let event = rules.event(nameHash) else {
            return rules.isClosed ? Violation(code: .schemaEventNotAllowed, rule: nil, property: -1) : nil
        }
        for index in 0..<propertyCount {
            let property = scratch.properties[index]
            guard let rule = rules.rule(property.nameHash, of: event) else {
                if event.pointee.isClosed {
                    return Violation(code: .schemaPropertyNotAllowed, rule: nil, property: index)
                }
                continue
            }
            if property.list.isEmpty {
                if let code = violation(of: rule, rules, property.scalar) {
                    return Violation(code: code, rule: rule, property: index)
                }
            } else {
                for member in property.list {
                    if let code = violation(of: rule, rules, scratch.listMembers[Int(member)]) {
                        return Violation(code: code, rule: rule, property: index)
                    }
                }
            }
        }
        if event.pointee.required > 0 {
            for offset in 0..<Int(event.pointee.count) {
                let rule = rules.properties + Int(event.pointee.first) + offset
                if rule.pointee.isRequired, !hasProperty(rule.pointee.nameHash) {
                    return Violation(code: .schemaPropertyMissing, rule: rule, property: -1)
                }
            }
        }
        return nil
    }

    @inline(__always)
    private func hasProperty(_ nameHash: UInt64) -> Bool {
        for index in 0..<propertyCount where scratch.properties[index].nameHash == nameHash { return true }
        return false
    }

    /// What a rule has against one value.
    @inline(__always)
    private func violation(
        of rule: UnsafePointer<CompiledSchema.PropertyRule>, _ rules: CompiledSchema.Rules,
        _ value: DecodeScratch.Scalar
    ) -> RejectionCode? {
        switch value.kind {
        case .number:
            let isWhole = value.number.rounded() == value.number
            let types: EventSchema.Types = isWhole ? [.number, .integer] : .number
            guard !rule.pointee.types.isDisjoint(with: types) else { return .schemaPropertyType }
            if value.number < rule.pointee.minimum || value.number > rule.pointee.maximum {
                return .schemaPropertyRange
            }
        case .boolean:
            guard rule.pointee.types.contains(.boolean) else { return .schemaPropertyType }
        default:
            guard rule.pointee.types.contains(.string) else { return .schemaPropertyType }
            if rule.pointee.checksLength {
                let length = DecodeRun.characters(value.bytes)
                if length < Int(rule.pointee.minLength) || length > Int(rule.pointee.maxLength) {
                    return .schemaPropertyLength
                }
            }
        }
        if rule.pointee.allowedCount > 0, !rules.allows(hash(value.bytes), rule) { return .schemaPropertyEnum }
        return nil
    }

    /// Unicode scalars of a valid text.
    private static func characters(_ text: UnsafeRawBufferPointer) -> Int {
        var count = 0
        for byte in text where byte & 0xC0 != 0x80 { count &+= 1 }
        return count
    }

    // MARK: Words

    private func describe(_ violation: Violation, _ schema: CompiledSchema, event: String) -> String {
        let version = "version \(schema.version) of the site's schema"
        let rule = violation.rule.flatMap { schema.property($0) }
        let name =
            rule?.name
            ?? (violation.property >= 0
                ? String(decoding: scratch.properties[violation.property].name, as: UTF8.self) : "")
        switch violation.code {
        case .schemaEventNotAllowed:
            return "The event `\(event)` is none that \(version) allows. Send one of those, or declare it."
        case .schemaPropertyNotAllowed:
            return "`props.\(name)` is none of the properties that \(version) allows for `\(event)`. Leave it out, or "
                + "declare it."
        case .schemaPropertyMissing:
            return "`props.\(name)` is missing, and \(version) requires it of `\(event)`. Send it."
        case .schemaPropertyType:
            let types = rule?.types.names.joined(separator: " or ") ?? ""
            return "`props.\(name)` of `\(event)` must be of type \(types), says \(version)."
        case .schemaPropertyRange:
            let bounds = [
                rule?.minimum.map { "at least \($0)" }, rule?.maximum.map { "at most \($0)" },
            ].compactMap { $0 }
            return "`props.\(name)` of `\(event)` must be \(bounds.joined(separator: " and ")), says \(version)."
        case .schemaPropertyLength:
            let bounds = [
                rule?.minLength.map { "at least \($0)" }, rule?.maxLength.map { "at most \($0)" },
            ].compactMap { $0 }
            return "`props.\(name)` of `\(event)` must have \(bounds.joined(separator: " and ")) characters, says "
                + "\(version)."
        default:
            let some = (rule?.allowed ?? []).prefix(10).map { "\"\($0)\"" }.joined(separator: ", ")
            let more = (rule?.allowed?.count ?? 0) > 10 ? ", …" : ""
            return "`props.\(name)` of `\(event)` must be one of \(some)\(more), says \(version)."
        }
    }
}
