/// What a request says for events that do not say it themselves, as bytes that stay where they are.
struct RequestDefaults: ~Copyable {
    /// Site of events that name none.
    let site: UnsafeRawBufferPointer
    let siteHash: UInt64
    /// Whether ``site`` is a name a site can have.
    let siteIsValid: Bool
    /// User agent of events that name none.
    let userAgent: UnsafeRawBufferPointer?
    private let memory: UnsafeMutableRawBufferPointer

    init(context: DecodeContext, limits: DecodeLimits, hash: EventHash) {
        let siteBytes = Array(context.defaultSite.utf8)
        var agentBytes = context.userAgent ?? []
        // A header is not the sender's choice of words: one that cannot be held is left out, not held against the
        // event.
        let isUsable = agentBytes.withUnsafeBytes { $0.count <= limits.maxStringBytes && UTF8Sequence.isValid($0) }
        if !isUsable { agentBytes = [] }
        memory = .allocate(byteCount: siteBytes.count + agentBytes.count + 1, alignment: 1)
        memory.copyBytes(from: siteBytes + agentBytes)
        site = UnsafeRawBufferPointer(rebasing: memory[..<siteBytes.count])
        let agent = UnsafeRawBufferPointer(rebasing: memory[siteBytes.count..<siteBytes.count + agentBytes.count])
        userAgent = agent.isEmpty ? nil : agent
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
