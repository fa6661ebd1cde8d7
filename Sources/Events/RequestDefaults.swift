/// What a request says for events that do not say it themselves, as bytes that stay where they are.
struct RequestDefaults: ~Copyable {
    /// Site of events that name none.
    let site: UnsafeRawBufferPointer
    let siteHash: UInt64
    /// Whether ``site`` is a name a site can have.
    let siteIsValid: Bool
    /// User agent of events that name none.
    let userAgent: UnsafeRawBufferPointer?
    /// Language of events that name neither a language nor a user agent.
    let language: UnsafeRawBufferPointer?
    /// Country of events that name none.
    let country: UnsafeRawBufferPointer?
    private let memory: UnsafeMutableRawBufferPointer

    init(context: DecodeContext, limits: DecodeLimits, hash: EventHash) {
        let siteBytes = Array(context.defaultSite.utf8)
        var agentBytes = context.userAgent ?? []
        // A header is not the sender's choice of words: one that cannot be held is left out, not held against the
        // event.
        let isUsable = agentBytes.withUnsafeBytes { $0.count <= limits.maxStringBytes && UTF8Sequence.isValid($0) }
        if !isUsable { agentBytes = [] }
        let (language, country) = (context.language ?? [], context.country ?? [])
        let all = siteBytes + agentBytes + language + country
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: all.count + 1, alignment: 1)
        memory.copyBytes(from: all)
        var end = 0
        func next(_ count: Int) -> UnsafeRawBufferPointer {
            end += count
            return UnsafeRawBufferPointer(rebasing: memory[(end - count)..<end])
        }
        self.memory = memory
        site = next(siteBytes.count)
        let agent = next(agentBytes.count)
        userAgent = agent.isEmpty ? nil : agent
        self.language = language.isEmpty ? nil : next(language.count)
        self.country = country.isEmpty ? nil : next(country.count)
        siteHash = hash(site)
        siteIsValid = SiteName.isValid(site, maxBytes: limits.maxSiteBytes)
    }

    deinit {
        memory.deallocate()
    }
}

/// The names a site can have.
public enum SiteName {
    /// Whether a site can have this name: one to `maxBytes` letters, digits, dots, underscores and hyphens of ASCII.
    public static func isValid(_ bytes: UnsafeRawBufferPointer, maxBytes: Int = 64) -> Bool {
        guard !bytes.isEmpty, bytes.count <= maxBytes else { return false }
        for byte in bytes {
            guard
                ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "-")
            else { return false }
        }
        return true
    }

    /// Whether a site can have this name.
    public static func isValid(_ name: String, maxBytes: Int = 64) -> Bool {
        var copy = name
        return copy.withUTF8 { isValid(UnsafeRawBufferPointer($0), maxBytes: maxBytes) }
    }
}
