/// The stored form of a key, see `FORMAT.md`, "Keys".
extension KeyRecord {
    func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.u8(scope.rawValue)
        writer.u8(site == nil ? 0 : 1)
        if let site { writer.text(site) }
        writer.text(name)
        writer.fixed(created)
        writer.fixed(revoked ?? 0)
        writer.fixed(requestsPerSecond)
        writer.fixed(eventsPerSecond)
        mac.withUnsafeBytes { writer.raw($0) }
        return writer.bytes
    }

    init(id: UInt64, decoding bytes: UnsafeRawBufferPointer) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        guard let scope = KeyScope(rawValue: try reader.u8()) else { throw DecodingFault("a key's scope is unknown") }
        let site = try reader.u8() == 0 ? nil : try reader.text()
        guard site != nil || scope == .admin else { throw DecodingFault("a key that is no admin's has no site") }
        let name = try reader.text()
        let created = try reader.fixed(Int64.self)
        let revoked = try reader.fixed(Int64.self)
        let requests = try reader.fixed(UInt32.self)
        let events = try reader.fixed(UInt32.self)
        let mac = Array(try reader.slice(KeyRecord.macBytes))
        try reader.end()
        self.init(
            id: id, scope: scope, site: site, name: name, created: created, revoked: revoked == 0 ? nil : revoked,
            mac: mac, requestsPerSecond: requests, eventsPerSecond: events)
    }
}
