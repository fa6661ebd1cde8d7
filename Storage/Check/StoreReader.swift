import Events
import RocksDB

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A store that is opened for reading only: nothing in its directory is changed.
final class StoreReader {
    /// Bytes of decoded parts kept while a segment is looked at.
    private static let cacheBytes = 256 << 20

    let directory: String
    let database: Database
    let hash: EventHash
    /// Whether the seed of ``hash`` is the store's; where that cannot be read, hashes cannot be compared.
    let knowsSeed: Bool
    /// The version of the format it is in; the current one where that cannot be read.
    let version: UInt32
    let cache: PartCache
    /// What RocksDB said was wrong with its files, if it could be opened all the same.
    let damage: [RocksDBError]
    /// Why the format or the seed could not be read.
    let lost: [String]
    /// The sites' names by number.
    private(set) var names: [UInt32: String] = [:]

    /// Opens a store as it is now.
    ///
    /// - Parameter isTolerant: goes on with what can be read where files are damaged; see ``damage``.
    /// - Throws: ``StorageError/unusable(_:)``.
    init(directory: String, isTolerant: Bool) throws(StorageError) {
        self.directory = directory
        guard access(directory + "/CURRENT", F_OK) == 0 else {
            let code = errno
            let names = (try? FileTree.names(in: directory)) ?? []
            guard !names.contains(where: { $0.hasSuffix(".sst") }) else {
                throw .unusable(
                    "\(directory) has no file CURRENT, which names the newest MANIFEST file, though it holds data.")
            }
            guard code == ENOENT else {
                throw .unusable("\(directory) cannot be read: \(String(cString: strerror(code))).")
            }
            guard FileTree.kind(of: directory) == .directory else {
                throw .unusable("\(directory.isEmpty ? "\"\"" : directory) holds no store: there is no such directory.")
            }
            throw .unusable("\(directory) holds no store; name the directory that weir serve --data has.")
        }
        (database, damage) = try Self.open(directory, isTolerant: isTolerant)
        let identity = try Self.identity(of: database, directory: directory, isTolerant: isTolerant)
        (version, hash, lost) = (identity.version, identity.seed ?? EventHash(seed: 0), identity.lost)
        knowsSeed = identity.seed != nil
        cache = PartCache(limit: Self.cacheBytes)
    }

    /// Tries the strictest way of opening first.
    private static func open(
        _ directory: String, isTolerant: Bool
    ) throws(StorageError) -> (Database, [RocksDBError]) {
        var configuration = Database.Configuration()
        configuration.access = .readOnly
        configuration.createIfMissing = false
        // All files are opened at once and kept, since a process that writes may delete them meanwhile.
        configuration.openFiles = -1
        var damage: [RocksDBError] = []
        for step in 0..<2 {
            // At the second attempt damaged files are found out as they are read.
            if step > 0 {
                configuration.isParanoid = false
                configuration.openFiles = 256
            }
            do throws(RocksDBError) {
                return (try Database(path: directory, configuration: configuration), damage)
            } catch {
                if !damage.contains(error) { damage.append(error) }
                guard isTolerant, error.kind == .corruption || error.kind == .io else { break }
            }
        }
        throw .unusable(
            "\(directory) cannot be opened: \(damage.map(\.message).joined(separator: "; ")). Nothing was changed.")
    }

    /// Reads which store this is.
    ///
    /// - Parameter isTolerant: goes on without what cannot be read; `lost` says what that is.
    private static func identity(
        of database: Database, directory: String, isTolerant: Bool
    ) throws(StorageError) -> (version: UInt32, seed: EventHash?, lost: [String]) {
        var lost: [String] = []
        func row(_ key: [UInt8], _ what: String) throws(StorageError) -> [UInt8]? {
            do throws(RocksDBError) {
                return try database.get(key)
            } catch {
                guard isTolerant else { throw .unusable("\(directory) cannot be read: \(error).") }
                lost.append("\(what) cannot be read: \(error)")
                return nil
            }
        }
        let format = try row(Keys.format, "the number of the format")
        guard format != nil || !lost.isEmpty else {
            throw .unusable("\(directory) holds a database that is not Weir's.")
        }
        let version = format.map { $0.littleEndianValue(UInt32.self) ?? 0 } ?? Store.formatVersion
        guard (1...Store.formatVersion).contains(version) else {
            throw .unusable(
                "\(directory) holds format \(version); this program reads formats up to \(Store.formatVersion).")
        }
        let before = lost.count
        let seed = try row(Keys.seed, "the store's seed")?.littleEndianValue(UInt64.self)
        if seed == nil, lost.count == before {
            guard isTolerant else { throw .corrupt(block: "the store's seed", reason: "it is missing") }
            lost.append("the store's seed is missing")
        }
        return (version, seed.map { EventHash(seed: $0) }, lost)
    }

    /// Remembers a site's name.
    func name(_ name: String, of site: UInt32) { names[site] = name }

    /// A site's name, or its number where it has none.
    func title(of site: UInt32) -> String { names[site] ?? "number \(site)" }

    /// A sealed segment of this store.
    func segment(site: UInt32, number: UInt64, header: SegmentHeader) -> Segment {
        Segment(site: site, number: number, header: header, source: .stored(parts(site: site, number: number)))
    }

    /// The parts of a sealed segment of this store.
    func parts(site: UInt32, number: UInt64) -> StoredParts {
        StoredParts(database: database, cache: cache, hash: hash, site: site, segment: number)
    }
}
