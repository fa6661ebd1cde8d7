/// What an event must keep, field by field. Nothing here changes a batch: an event is a row as a whole or not at all.
extension DecodeRun {
    /// Makes a row of the object on the tape, or counts it as a duplicate.
    mutating func admit() throws(Refusal) {
        propertyCount = 0
        listMemberCount = 0
        numberBytes = 0
        nameBytes = 0
        propertyBytes = 0
        collectFields()

        var site = try site()
        if context.admission != nil { site = try admitted(site) }
        guard let name = try identifier(.event, orNumber: false) else {
            throw Refusal(.missingEvent, "The event has no `event`, which is its name. Send it as a string.")
        }
        let time = try time()
        let id = try identifier(.id, orNumber: true)
        let visitor = try identifier(.visitor, orNumber: true)
        let user = try identifier(.user, orNumber: true)
        let session = try identifier(.session, orNumber: true)
        let value = try value()
        try checkTexts()
        try collectProperties()

        var idHash: UInt64 = 0
        var seenHash: UInt64 = 0
        if let id {
            idHash = DecodeRun.nonZero(hash(id))
            seenHash = DecodeRun.nonZero(idHash ^ (site.hash &* 0x9E37_79B9_7F4A_7C15))
            if ids.contains(seenHash) {
                result.duplicates &+= 1
                return
            }
        }
        let partition = try partition(site: site, time: time)
        var nameHash = hash(name)
        try checkSchema(of: partition, name: name, nameHash: nameHash)
        findColumns(in: partition)
        if id != nil { ids.insert(seenHash) }

        let visitorBytes: UnsafeRawBufferPointer
        if let visitor { visitorBytes = visitor } else { visitorBytes = anonymousVisitor(site: site) }
        let batch = partitions.all[partition].batch
        batch.appendRow(
            time: UInt32(truncatingIfNeeded: time &- batch.month), id: idHash, value: value,
            name: admittedName(name, &nameHash, in: partition), nameHash: nameHash, visitor: visitorBytes)
        if let origin { batch.noteOrigin(origin) }
        if let user { batch.set(column: decoder.columns.user, bytes: user, kind: .string) }
        if let session { batch.set(column: decoder.columns.session, bytes: session, kind: .string) }
        setTexts(batch)
        setProperties(batch, in: partition)
    }

    /// Notes where each field stands. Of several fields of one name the last counts, and null is absent.
    @inline(__always)
    private mutating func collectFields() {
        var index = JSONTape.first &+ 1
        let end = tape.close(JSONTape.first)
        while index < end {
            let slot = EventField.slot(tape.string(index))
            let value = index &+ 1
            let isNull = tape.kind(value) == JSONTape.Kind.null
            if slot >= 0 {
                scratch.slots[slot] = isNull ? 0 : value
            } else if !isNull {
                result.ignoredFields &+= 1
            }
            index = tape.next(value)
        }
    }

    /// The site an event belongs to.
    struct Site {
        var name: UnsafeRawBufferPointer
        var hash: UInt64
    }

    @inline(__always)
    private func site() throws(Refusal) -> Site {
        let index = scratch.slots[EventField.site.rawValue]
        if index == 0 {
            guard defaults.siteIsValid else { throw invalidSite(context.defaultSite) }
            return Site(name: defaults.site, hash: defaults.siteHash)
        }
        guard tape.kind(index) == JSONTape.Kind.string else { throw wrongType("site", "a string", index) }
        let name = tape.string(index)
        guard SiteName.isValid(name, maxBytes: limits.maxSiteBytes) else {
            throw invalidSite(String(decoding: name.prefix(limits.maxSiteBytes), as: UTF8.self))
        }
        return Site(name: name, hash: hash(name))
    }

    /// The site whose dead letter a rejected event becomes.
    mutating func siteForRejection() -> String {
        if let admission = context.admission, !gate.isAdmitted { return siteForRefused(admission) }
        if let site = gate.keySite { return site }
        let index = scratch.slots[EventField.site.rawValue]
        guard index != 0, tape.kind(index) == JSONTape.Kind.string,
            SiteName.isValid(tape.string(index), maxBytes: limits.maxSiteBytes)
        else { return context.defaultSite }
        return String(decoding: tape.string(index), as: UTF8.self)
    }

    /// The visitor that is derived for a rejected event, so that its dead letter can be admitted later without the client's
    /// address; empty where the event names one.
    mutating func visitorForRejection() -> String {
        guard scratch.slots[EventField.visitor.rawValue] == 0 else { return "" }
        var site = siteForRejection()
        let index = scratch.slots[EventField.userAgent.rawValue]
        let isText = index != 0 && tape.kind(index) == JSONTape.Kind.string
        let agent = isText ? tape.string(index) : defaults.userAgent ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let count = site.withUTF8 { bytes in
            let name = UnsafeRawBufferPointer(bytes)
            return anonymousVisitor(site: Site(name: name, hash: hash(name)), agent: agent)
        }
        return String(decoding: UnsafeRawBufferPointer(start: scratch.text, count: count), as: UTF8.self)
    }

    /// A short text that identifies something, never empty; a number, where allowed, by its canonical text.
    @inline(__always)
    private mutating func identifier(_ field: EventField, orNumber: Bool) throws(Refusal) -> UnsafeRawBufferPointer? {
        let index = scratch.slots[field.rawValue]
        if index == 0 { return nil }
        if tape.kind(index) == JSONTape.Kind.string {
            let text = tape.string(index)
            if text.count &- 1 < limits.maxNameBytes, !text.isEmpty { return text }
            throw text.isEmpty ? emptyValue(field.name) : tooLong(field.name, text.count, limits.maxNameBytes)
        }
        guard orNumber, tape.isNumber(index) else {
            throw wrongType(field.name, orNumber ? "a string or a number" : "a string", index)
        }
        return numberText(index)
    }

    /// A number's canonical text, which stays until the next event.
    mutating func numberText(_ index: Int) -> UnsafeRawBufferPointer {
        let out = scratch.numbers + numberBytes
        let count = tape.numberText(index, into: out)
        numberBytes &+= count
        return UnsafeRawBufferPointer(start: out, count: count)
    }

    @inline(__always)
    private func value() throws(Refusal) -> Double? {
        let index = scratch.slots[EventField.value.rawValue]
        if index == 0 { return nil }
        guard tape.isNumber(index) else { throw wrongType("value", "a number, without quotes", index) }
        return tape.number(index)
    }

    @inline(__always)
    private func checkTexts() throws(Refusal) {
        for slot in EventField.firstText..<EventField.count {
            let index = scratch.slots[slot]
            if index == 0 { continue }
            let isURL = slot <= EventField.referrer.rawValue
            let limit = isURL ? limits.maxURLBytes : limits.maxStringBytes
            if tape.kind(index) == JSONTape.Kind.string, tape.string(index).count <= limit { continue }
            throw badText(slot, limit)
        }
    }

    /// Finds the batch of an event.
    @inline(__always)
    private mutating func partition(site: Site, time: Int64) throws(Refusal) -> Int {
        if let index = partitions.hit(siteHash: site.hash, time: time) { return index }
        let found = partitions.find(
            site: site.name, siteHash: site.hash, time: time, hash: hash, limit: limits.maxPartitionsPerBody,
            schemas: context.ignoresSchema ? nil : decoder.schemas
        ) { [context] site in
            guard let period = context.retention?(site) else { return .min }
            let (line, overflow) = context.now.subtractingReportingOverflow(period)
            return overflow ? .min : line
        }
        switch found {
        case .found(let index):
            let batch = partitions.all[index].batch
            batch.keepsQueryString = context.keepQueryString || context.queryStringSites.contains(batch.site)
            return index
        case .tooOld(let site): throw pastRetention(time, site: site)
        case .tooMany:
            throw Refusal(
                .tooManyPartitions,
                "The body spreads over more than \(limits.maxPartitionsPerBody) combinations of site and month. "
                    + "Send it in parts, or sorted.")
        }
    }

    private mutating func anonymousVisitor(site: Site) -> UnsafeRawBufferPointer {
        let index = scratch.slots[EventField.userAgent.rawValue]
        let agent = index != 0 ? tape.string(index) : defaults.userAgent ?? UnsafeRawBufferPointer(start: nil, count: 0)
        return UnsafeRawBufferPointer(start: scratch.text, count: anonymousVisitor(site: site, agent: agent))
    }

    /// Derives the visitor of a site and user agent into the scratch's text; returns its length.
    private mutating func anonymousVisitor(site: Site, agent: UnsafeRawBufferPointer) -> Int {
        let derive = context.anonymousVisitor
        return visitors.copy(
            siteHash: site.hash, agentHash: hash(agent), to: scratch.text, maxBytes: limits.maxNameBytes
        ) {
            derive(String(decoding: site.name, as: UTF8.self), agent)
        }
    }

    @inline(__always)
    private static func nonZero(_ hash: UInt64) -> UInt64 {
        hash == 0 ? 1 : hash
    }
}
