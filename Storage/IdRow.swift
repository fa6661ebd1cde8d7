import Events

/// The idempotency ids of one commit, as they are stored. See `FORMAT.md`, "Ids".
struct IdRow {
    /// When the commit was.
    var time: Int64
    /// The ids of each site, with the site mixed in; ``SiteIds/unassigned`` where the row does not say whose they are.
    var sites: [(site: UInt32, ids: [UInt64])]

    /// Number of ids.
    var count: Int { sites.reduce(0) { $0 + $1.ids.count } }

    /// The payload of its block.
    func encode() -> [UInt8] {
        var payload = ByteWriter()
        payload.fixed(time)
        payload.varint(sites.count)
        for (site, ids) in sites {
            payload.fixed(site)
            payload.varint(ids.count)
            payload.array(ids)
        }
        return payload.bytes
    }

    init(time: Int64, sites: [(site: UInt32, ids: [UInt64])]) {
        self.time = time
        self.sites = sites
    }

    /// Reads a payload.
    ///
    /// - Parameter version: that of its block.
    init(decoding bytes: UnsafeRawBufferPointer, version: UInt8) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        time = try reader.fixed(Int64.self)
        sites = []
        if version >= 2 {
            for _ in 0..<(try reader.count(ofSize: 5)) {
                let site = try reader.fixed(UInt32.self)
                let count = try reader.count(ofSize: 8)
                sites.append((site, try reader.array(UInt64.self, count: count)))
            }
        } else {
            let count = try reader.count(ofSize: 8)
            sites = [(SiteIds.unassigned, try reader.array(UInt64.self, count: count))]
        }
        try reader.end()
    }

    /// The id as it is held: the site takes part, so that two sites may use the same ids, and 0 stands for an empty slot.
    @inline(__always)
    static func mixed(_ id: UInt64, site: UInt32) -> UInt64 {
        let mixed = id ^ (UInt64(site) &* 0xD6E8_FEB8_6659_FD93)
        return mixed == 0 ? 1 : mixed
    }
}
