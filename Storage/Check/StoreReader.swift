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
    /// The version of the format it is in.
    let version: UInt32
    let cache: PartCache
    /// What RocksDB said was wrong with its files, if it could be opened all the same.
    let damage: [RocksDBError]
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
            throw .unusable(
                code == ENOENT
                    ? "\(directory) holds no store."
                    : "\(directory) cannot be read: \(String(cString: strerror(code))).")
        }
        (database, damage) = try Self.open(directory, isTolerant: isTolerant)
        (version, hash) = try Self.identity(of: database, directory: directory)
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
            "\(directory) cannot be opened: \(damage.map(\.message).joined(separator: "; "))")
    }

    private static func identity(
        of database: Database, directory: String
    ) throws(StorageError) -> (version: UInt32, hash: EventHash) {
        let format: [UInt8]?
        let seed: [UInt8]?
        do throws(RocksDBError) {
            format = try database.get(Keys.format)
            seed = try database.get(Keys.seed)
        } catch {
            throw .unusable("\(directory) cannot be read: \(error)")
        }
        guard let format else { throw .unusable("\(directory) holds a database that is not Weir's.") }
        guard let version = format.littleEndianValue(UInt32.self), (1...Store.formatVersion).contains(version) else {
            throw .unusable(
                "\(directory) holds format \(format.littleEndianValue(UInt32.self) ?? 0); "
                    + "this program reads formats up to \(Store.formatVersion).")
        }
        guard let seed = seed?.littleEndianValue(UInt64.self) else {
            throw .corrupt(block: "the store's seed", reason: "it is missing")
        }
        return (version, EventHash(seed: seed))
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
