/// The columns of an accepted event.
extension DecodeRun {
    /// Sets the text fields of the newest row and what is derived from them.
    @inline(__always)
    func setTexts(_ batch: ColumnBatch) {
        let columns = decoder.columns
        for slot in EventField.firstText..<EventField.count {
            let index = scratch.slots[slot]
            if index == 0 { continue }
            batch.set(column: columns.texts[slot &- EventField.firstText], bytes: tape.string(index), kind: .string)
        }
        if scratch.slots[EventField.userAgent.rawValue] == 0, let agent = defaults.userAgent {
            batch.set(column: columns.userAgent, bytes: agent, kind: .string)
            if scratch.slots[EventField.language.rawValue] == 0, let language = defaults.language {
                batch.set(column: columns.language, bytes: language, kind: .string)
            }
        }
        if scratch.slots[EventField.country.rawValue] == 0, let country = defaults.country {
            batch.set(column: columns.country, bytes: country, kind: .string)
        }
        let url = scratch.slots[EventField.url.rawValue]
        if url != 0 { setURL(PageURL(tape.string(url)), batch) }
        let referrer = scratch.slots[EventField.referrer.rawValue]
        if referrer != 0 { setHost(PageURL(tape.string(referrer)), column: columns.referrerHost, batch) }
    }

    @inline(__always)
    private func setHost(_ url: PageURL, column: Int, _ batch: ColumnBatch) {
        guard let host = url.host else { return }
        if url.hostIsPlain {
            batch.set(column: column, bytes: host, kind: .string)
            return
        }
        let count = url.writeHost(host, to: scratch.text)
        batch.set(column: column, bytes: UnsafeRawBufferPointer(start: scratch.text, count: count), kind: .string)
    }

    @inline(__always)
    private func setURL(_ url: PageURL, _ batch: ColumnBatch) {
        let columns = decoder.columns
        setHost(url, column: columns.host, batch)
        if let path = url.path {
            if path.isEmpty {
                scratch.text.storeBytes(of: UInt8(ascii: "/"), as: UInt8.self)
                batch.set(
                    column: columns.path, bytes: UnsafeRawBufferPointer(start: scratch.text, count: 1), kind: .string)
            } else {
                batch.set(column: columns.path, bytes: path, kind: .string)
            }
        }
        guard let query = url.query, !query.isEmpty else { return }
        if batch.keepsQueryString { batch.set(column: columns.queryString, bytes: query, kind: .string) }
        setCampaign(query, batch)
    }

    /// Sets the `utm_` dimensions from a query. Of several parameters of one name the first that is not empty counts.
    private func setCampaign(_ query: UnsafeRawBufferPointer, _ batch: ColumnBatch) {
        guard let base = query.baseAddress else { return }
        var seen: UInt8 = 0
        var start = 0
        // The shortest parameter that says anything is utm_term=x.
        while start &+ 10 <= query.count {
            let isCampaign = base.loadUnaligned(fromByteOffset: start, as: UInt32.self) == CampaignParameter.prefix
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") { end &+= 1 }
            if isCampaign {
                setParameter(UnsafeRawBufferPointer(rebasing: query[start..<end]), seen: &seen, batch)
            }
            start = end &+ 1
        }
    }

    private func setParameter(_ parameter: UnsafeRawBufferPointer, seen: inout UInt8, _ batch: ColumnBatch) {
        var equals = 0
        while equals < parameter.count, parameter[equals] != UInt8(ascii: "=") { equals &+= 1 }
        guard equals &+ 1 < parameter.count,
            let field = CampaignParameter(UnsafeRawBufferPointer(rebasing: parameter[..<equals])), seen & field.bit == 0
        else { return }
        seen |= field.bit
        let value = UnsafeRawBufferPointer(rebasing: parameter[(equals &+ 1)...])
        batch.set(
            column: field.column(decoder.columns), bytes: FormDecoding.decode(value, into: scratch.text), kind: .string)
    }
}

/// The parameters by which a link names its campaign.
private enum CampaignParameter: UInt8 {
    case source, medium, campaign, term, content

    /// `utm_`, as a word of the machine's order.
    static let prefix = UInt32(littleEndian: 0x5F6D_7475)

    init?(_ name: UnsafeRawBufferPointer) {
        switch name.count {
        case 8 where CampaignParameter.matches(name, "utm_term"): self = .term
        case 10 where CampaignParameter.matches(name, "utm_source"): self = .source
        case 10 where CampaignParameter.matches(name, "utm_medium"): self = .medium
        case 11 where CampaignParameter.matches(name, "utm_content"): self = .content
        case 12 where CampaignParameter.matches(name, "utm_campaign"): self = .campaign
        default: return nil
        }
    }

    var bit: UInt8 { 1 << rawValue }

    func column(_ columns: FieldColumns) -> Int {
        switch self {
        case .source: columns.utmSource
        case .medium: columns.utmMedium
        case .campaign: columns.utmCampaign
        case .term: columns.utmTerm
        case .content: columns.utmContent
        }
    }

    private static func matches(_ name: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        for index in 4..<name.count where name[index] != text.utf8Start[index] { return false }
        return true
    }
}
