import CMaxMindDB
import Synchronization

/// The country of an address, from a database in MaxMind's format: GeoLite2 or GeoIP2 Country and City, DB-IP, IPinfo.
///
/// The file is mapped into memory and read while the server runs: a new version is moved into its place, as `geoipupdate`
/// does, and is used from the next start.
package final class CountryDatabase: @unchecked Sendable {
    // Unchecked: an open database is only read, which libmaxminddb allows from several threads.
    private let database: UnsafeMutablePointer<MMDB_s>
    let found = Atomic<Int>(0)
    let unknown = Atomic<Int>(0)

    /// Opens a database.
    package init(path: String) throws(EnrichmentError) {
        database = .allocate(capacity: 1)
        database.initialize(to: MMDB_s())
        let status = MMDB_open(path, UInt32(MMDB_MODE_MMAP), database)
        guard status == MMDB_SUCCESS else {
            database.deallocate()
            let reason = MMDB_strerror(status).map { String(cString: $0) } ?? "unknown error"
            throw EnrichmentError(
                "geoip: the database \(path) cannot be used: \(reason). Name a file in MaxMind's format (.mmdb), such as "
                    + "GeoLite2-Country.mmdb.")
        }
    }

    deinit {
        MMDB_close(database)
        database.deallocate()
    }

    /// The two letters of ISO 3166 for an address, `nil` for one that is in no country or no address at all.
    ///
    /// - Complexity: about a microsecond.
    package func country(of address: String) -> [UInt8]? {
        var resolved: Int32 = 0
        var status: Int32 = 0
        var result = MMDB_lookup_string(database, address, &resolved, &status)
        var code: [UInt8]?
        if resolved == 0, status == MMDB_SUCCESS, result.found_entry {
            code =
                text(["country", "iso_code"], &result.entry) ?? text(["registered_country", "iso_code"], &result.entry)
                ?? text(["country_code"], &result.entry) ?? text(["country"], &result.entry)
        }
        if code == nil {
            unknown.add(1, ordering: .relaxed)
        } else {
            found.add(1, ordering: .relaxed)
        }
        return code
    }

    /// A text of two letters at a place in an entry.
    private func text(_ path: [String], _ entry: inout MMDB_entry_s) -> [UInt8]? {
        var value = MMDB_entry_data_s()
        let status = withPointers(path) { MMDB_aget_value(&entry, &value, $0) }
        guard status == MMDB_SUCCESS, value.has_data, value.type == UInt32(MMDB_DATA_TYPE_UTF8_STRING),
            value.data_size == 2, let start = value.utf8_string
        else { return nil }
        return CountryCode.spelled(UnsafeRawBufferPointer(start: start, count: 2))
    }

    /// Calls `body` with the keys as C has them, a null behind the last.
    private func withPointers(_ path: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Int32) -> Int32 {
        path[0].withCString { first in
            guard path.count > 1 else {
                return [first, nil].withUnsafeBufferPointer { $0.baseAddress.map(body) ?? MMDB_INVALID_DATA_ERROR }
            }
            return path[1].withCString { second in
                [first, second, nil].withUnsafeBufferPointer {
                    $0.baseAddress.map(body) ?? MMDB_INVALID_DATA_ERROR
                }
            }
        }
    }
}

/// Country codes of ISO 3166.
enum CountryCode {
    /// A code in upper case; `nil` for what is none, and for what proxies say instead: `XX` for unknown, `T1` for Tor.
    static func spelled(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.count == 2 else { return nil }
        let code = bytes.map { $0 & 0xDF }
        guard code.allSatisfy({ $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }), code != Array("XX".utf8) else {
            return nil
        }
        return code
    }
}
