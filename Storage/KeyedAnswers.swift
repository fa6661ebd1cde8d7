/// The answers of requests that came with a key, so that one that is sent again is answered like the first time.
///
/// An answer is kept until ``Limits/horizon`` has passed or until there are too many, when the site with the most bytes
/// gives up its oldest: no site's keys push out those of another that has less.
struct KeyedAnswers: Sendable {
    /// What may be kept, of all sites.
    struct Limits: Sendable {
        /// How long an answer is kept, milliseconds.
        var horizon: Int64
        var entries: Int
        var bytes: Int
    }

    /// A key of a site.
    struct Key: Hashable, Sendable {
        /// Hash of the site's name.
        var site: UInt64
        /// Hash of the key.
        var key: UInt64
    }

    struct Entry: Sendable {
        var sequence: UInt64
        /// When it was given, Unix milliseconds.
        var time: Int64
        /// Hash of the request's body.
        var body: UInt64
        var answer: [UInt8]
    }

    /// One site's keys, oldest first.
    private struct Site: Sendable {
        var keys: [UInt64] = []
        var head = 0
        var bytes = 0
    }

    let limits: Limits
    private var entries: [Key: Entry] = [:]
    private var sites: [UInt64: Site] = [:]
    /// Bytes of all answers.
    private(set) var bytes = 0
    /// Answers given up before their horizon because there were too many.
    private(set) var evicted = 0
    /// When it was last looked for answers past their horizon.
    private var sweptAt: Int64?
    /// Stored answers that were given up when they were read, and are still to be deleted.
    private var leftover: [UInt64] = []

    init(limits: Limits) { self.limits = limits }

    /// Answers kept.
    var count: Int { entries.count }

    /// The answer that was given for a key, if it still counts at `now`.
    func answer(for key: Key, at now: Int64) -> Entry? {
        guard let entry = entries[key], now - entry.time <= limits.horizon else { return nil }
        return entry
    }

    /// Keeps an answer.
    ///
    /// - Returns: the sequences of answers that go for it.
    mutating func insert(_ entry: Entry, for key: Key, at now: Int64) -> [UInt64] {
        var gone: [UInt64] = []
        if let old = entries.removeValue(forKey: key) {
            bytes -= old.answer.count
            sites[key.site]?.bytes -= old.answer.count
            sites[key.site]?.keys.removeAll { $0 == key.key }
            gone.append(old.sequence)
        }
        entries[key] = entry
        sites[key.site, default: Site()].keys.append(key.key)
        sites[key.site]?.bytes += entry.answer.count
        bytes += entry.answer.count
        while entries.count > limits.entries || (bytes > limits.bytes && entries.count > 1) {
            guard let largest = sites.max(by: { $0.value.bytes < $1.value.bytes })?.key,
                let sequence = dropOldest(of: largest)
            else { break }
            evicted += 1
            gone.append(sequence)
        }
        return gone
    }

    /// Takes over an answer that was found stored.
    mutating func recover(_ entry: Entry, for key: Key) {
        leftover += insert(entry, for: key, at: entry.time)
    }

    /// Drops answers past their horizon, at most `most` of them; looks for them once a 240th of it.
    ///
    /// - Returns: the sequences of what is to be deleted.
    /// - Complexity: O(1), and then O(sites with answers + answers dropped).
    mutating func expire(at now: Int64, most: Int) -> [UInt64] {
        var gone: [UInt64] = []
        swap(&gone, &leftover)
        if let last = sweptAt, now >= last, now - last < limits.horizon / 240 { return gone }
        sweptAt = now
        defer { if gone.count >= most { sweptAt = nil } }
        for site in Array(sites.keys) {
            while gone.count < most, let kept = sites[site], kept.head < kept.keys.count,
                let oldest = entries[Key(site: site, key: kept.keys[kept.head])], now - oldest.time > limits.horizon,
                let sequence = dropOldest(of: site)
            { gone.append(sequence) }
        }
        return gone
    }

    /// Forgets a site that was deleted.
    ///
    /// - Returns: the sequences of its answers.
    mutating func remove(site: UInt64) -> [UInt64] {
        var gone: [UInt64] = []
        while let sequence = dropOldest(of: site) { gone.append(sequence) }
        return gone
    }

    private mutating func dropOldest(of site: UInt64) -> UInt64? {
        guard var kept = sites[site], kept.head < kept.keys.count else { return nil }
        let entry = entries.removeValue(forKey: Key(site: site, key: kept.keys[kept.head]))
        kept.head += 1
        kept.bytes -= entry?.answer.count ?? 0
        bytes -= entry?.answer.count ?? 0
        if kept.head > kept.keys.count / 2 {
            kept.keys.removeFirst(kept.head)
            kept.head = 0
        }
        sites[site] = kept.keys.isEmpty ? nil : kept
        return entry?.sequence
    }
}

extension KeyedAnswers {
    /// The payload of an answer's block. See `FORMAT.md`, "Answers".
    static func encode(_ entry: Entry, for key: Key) -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(entry.time)
        writer.fixed(key.site)
        writer.fixed(key.key)
        writer.fixed(entry.body)
        writer.array(entry.answer)
        return writer.bytes
    }

    /// Reads the payload of an answer's block.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, sequence: UInt64
    ) throws(DecodingFault) -> (key: Key, entry: Entry) {
        var reader = ByteReader(bytes)
        let time = try reader.fixed(Int64.self)
        let key = Key(site: try reader.fixed(UInt64.self), key: try reader.fixed(UInt64.self))
        let body = try reader.fixed(UInt64.self)
        let answer = [UInt8](try reader.slice(reader.remaining))
        return (key, Entry(sequence: sequence, time: time, body: body, answer: answer))
    }
}
