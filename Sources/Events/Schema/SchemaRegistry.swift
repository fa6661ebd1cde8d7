import Synchronization

/// The schemas in force, by site: shared by all decoders of a server, thread-safe.
public final class SchemaRegistry: Sendable {
    /// The store's hash function.
    public let hash: EventHash
    private let sites = Mutex<[String: CompiledSchema]>([:])

    /// Creates an empty registry.
    public init(hash: EventHash) { self.hash = hash }

    /// Puts a schema into force.
    public func set(_ schema: EventSchema, version: UInt64, site: String) {
        let compiled = CompiledSchema(schema, version: version, hash: hash)
        sites.withLock { $0[site] = compiled }
    }

    /// The schema in force for a site, `nil` where it has none. Asked once for each site and month of a body.
    public func schema(of site: String) -> CompiledSchema? {
        sites.withLock { $0[site] }
    }

    /// Forgets a site that was deleted.
    public func remove(site: String) {
        sites.withLock { _ = $0.removeValue(forKey: site) }
    }

    /// The versions in force.
    public var versions: [(site: String, version: UInt64)] {
        sites.withLock { $0.map { ($0.key, $0.value.version) } }.sorted { $0.site < $1.site }
    }
}
