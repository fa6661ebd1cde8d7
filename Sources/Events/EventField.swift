/// The top-level fields of an event as they are sent. The raw value is the slot of the decoder's scratch that remembers
/// where in the document the field stands.
enum EventField: Int, CaseIterable {
    case event, visitor, time, id, site, user, session, value, props, key
    // The fields that are a text and nothing more stand together, so that they can be walked.
    case url, referrer, title, language, screen, userAgent, country

    /// The first of the fields that are a text and nothing more; they are all that follow.
    static let firstText = EventField.url.rawValue
    static let count = EventField.country.rawValue + 1

    /// The name in JSON.
    var name: String {
        switch self {
        case .userAgent: "user_agent"
        default: String(describing: self)
        }
    }

    /// The slot of a field, -1 for names that are no field.
    ///
    /// The first eight bytes of a name tell the fields apart, read as one little-endian word with the rest zero.
    ///
    /// - Parameter name: with eight more readable bytes behind it.
    /// - Complexity: O(1), a few comparisons of words.
    @inline(__always)
    static func slot(_ name: UnsafeRawBufferPointer) -> Int {
        let count = name.count
        guard count >= 2, count <= 10, let base = name.baseAddress else { return -1 }
        var word = UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
        if count < 8 { word &= (1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1 }
        switch count {
        case 2: return word == Word.id ? id.rawValue : -1
        case 3:
            if word == Word.url { return url.rawValue }
            return word == Word.key ? key.rawValue : -1
        case 4:
            if word == Word.time { return time.rawValue }
            if word == Word.site { return site.rawValue }
            return word == Word.user ? user.rawValue : -1
        case 5:
            if word == Word.event { return event.rawValue }
            if word == Word.props { return props.rawValue }
            if word == Word.value { return value.rawValue }
            return word == Word.title ? title.rawValue : -1
        case 6: return word == Word.screen ? screen.rawValue : -1
        case 7:
            if word == Word.visitor { return visitor.rawValue }
            if word == Word.session { return session.rawValue }
            return word == Word.country ? country.rawValue : -1
        case 8:
            if word == Word.referrer { return referrer.rawValue }
            return word == Word.language ? language.rawValue : -1
        case 10:
            let rest = UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
            return word == Word.userAgentStart && rest == Word.userAgentEnd ? userAgent.rawValue : -1
        default: return -1
        }
    }

    /// Field names as little-endian words.
    private enum Word {
        static let id: UInt64 = 0x6469
        static let url: UInt64 = 0x6C_7275
        static let key: UInt64 = 0x79_656B
        static let time: UInt64 = 0x656D_6974
        static let site: UInt64 = 0x6574_6973
        static let user: UInt64 = 0x7265_7375
        static let event: UInt64 = 0x74_6E65_7665
        static let props: UInt64 = 0x73_706F_7270
        static let value: UInt64 = 0x65_756C_6176
        static let title: UInt64 = 0x65_6C74_6974
        static let screen: UInt64 = 0x6E65_6572_6373
        static let visitor: UInt64 = 0x72_6F74_6973_6976
        static let session: UInt64 = 0x6E_6F69_7373_6573
        static let country: UInt64 = 0x79_7274_6E75_6F63
        static let referrer: UInt64 = 0x7265_7272_6566_6572
        static let language: UInt64 = 0x6567_6175_676E_616C
        static let userAgentStart: UInt64 = 0x6567_615F_7265_7375
        static let userAgentEnd: UInt16 = 0x746E
    }
}
