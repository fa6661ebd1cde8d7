/// The keys of a store, as laid down in `FORMAT.md`.
package enum Keys {
    static let format = Array("mformat".utf8)
    static let seed = Array("mseed".utf8)
    static let saltPrefix = Array("msalt".utf8)
    /// The highest number a site ever had, once one was deleted.
    static let highestSite = Array("msites".utf8)
    /// The highest time of day that was believed.
    static let trustedTime = Array("mtime".utf8)
    static let retentionPrefix = Array("mkept".utf8)
    package static let purgePrefix = Array("mpurge".utf8)
    static let sitePrefix = Array("s".utf8)
    package static let logPrefix = Array("l".utf8)
    package static let idsPrefix = Array("i".utf8)
    package static let segmentPrefix = Array("g".utf8)
    package static let partPrefix = Array("c".utf8)
    package static let deadLetterPrefix = Array("d".utf8)
    package static let retiredPrefix = Array("x".utf8)
    package static let unfinishedPrefix = Array("w".utf8)
    package static let erasurePrefix = Array("e".utf8)
    package static let remainsPrefix = Array("r".utf8)
    package static let answerPrefix = Array("a".utf8)
    package static let schemaPrefix = Array("v".utf8)
    /// What keys are hashed with.
    static let keySecret = Array("msecret".utf8)
    static let keyPrefix = Array("k".utf8)

    static func salt(day: UInt32) -> [UInt8] { saltPrefix + bigEndian(day) }
    /// A key, by its public id.
    static func key(id: UInt64) -> [UInt8] { keyPrefix + bigEndian(id) }
    static func site(_ site: UInt32) -> [UInt8] { sitePrefix + bigEndian(site) }
    static func log(site: UInt32, sequence: UInt64) -> [UInt8] { logPrefix + bigEndian(site) + bigEndian(sequence) }
    static func ids(sequence: UInt64) -> [UInt8] { idsPrefix + bigEndian(sequence) }
    static func segment(site: UInt32, segment: UInt64) -> [UInt8] {
        segmentPrefix + bigEndian(site) + bigEndian(segment)
    }
    /// The answer of a request that came with a key.
    static func answer(sequence: UInt64) -> [UInt8] { answerPrefix + bigEndian(sequence) }
    /// A version of a site's schema.
    static func schema(site: UInt32, version: UInt64) -> [UInt8] {
        schemaPrefix + bigEndian(site) + bigEndian(version)
    }
    static func deadLetters(site: UInt32) -> [UInt8] { deadLetterPrefix + bigEndian(site) }
    static func deadLetter(site: UInt32, sequence: UInt64) -> [UInt8] {
        deadLetters(site: site) + bigEndian(sequence)
    }
    static func part(site: UInt32, segment: UInt64, _ part: PartID) -> [UInt8] {
        partPrefix + bigEndian(site) + bigEndian(segment) + [part.part.rawValue] + bigEndian(part.column)
            + bigEndian(part.chunk)
    }

    /// All parts of a segment but its header: the keys from `parts(…)` up to, not including, `end(of: parts(…))`.
    package static func parts(site: UInt32, segment: UInt64) -> [UInt8] {
        partPrefix + bigEndian(site) + bigEndian(segment)
    }
    /// A segment whose header is gone and whose parts are still to be deleted.
    package static func retired(site: UInt32, segment: UInt64) -> [UInt8] {
        retiredPrefix + bigEndian(site) + bigEndian(segment)
    }
    /// A segment that is being written in several batches.
    package static func unfinished(site: UInt32, segment: UInt64) -> [UInt8] {
        unfinishedPrefix + bigEndian(site) + bigEndian(segment)
    }
    /// The erasure of a visitor.
    package static func erasure(site: UInt32, sequence: UInt64) -> [UInt8] {
        erasurePrefix + bigEndian(site) + bigEndian(sequence)
    }
    /// A segment whose parts are deleted, while their bytes may still be in RocksDB's files.
    package static func remains(site: UInt32, segment: UInt64) -> [UInt8] {
        remainsPrefix + bigEndian(site) + bigEndian(segment)
    }
    /// Up to when a site's events were given up by its retention.
    static func retention(site: UInt32) -> [UInt8] { retentionPrefix + bigEndian(site) }
    /// A site of which something was removed for good, while its bytes may still be in RocksDB's files.
    static func purge(site: UInt32) -> [UInt8] { purgePrefix + bigEndian(site) }
    /// The keys of one kind that belong to a site: `prefix` is one of the one-byte prefixes that a site follows.
    package static func ofSite(_ prefix: [UInt8], _ site: UInt32) -> [UInt8] { prefix + bigEndian(site) }

    /// The first key behind all that start with `prefix`; empty if there is none, for a prefix of nothing but `0xff`.
    package static func end(of prefix: [UInt8]) -> [UInt8] {
        var end = prefix
        while let last = end.last {
            if last < .max {
                end[end.count - 1] = last + 1
                return end
            }
            end.removeLast()
        }
        return end
    }

    /// Reads `(site, number)` out of a key with a one-byte prefix.
    static func siteAndNumber(_ key: UnsafeRawBufferPointer) -> (site: UInt32, number: UInt64)? {
        guard key.count == 13 else { return nil }
        return (
            UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 1, as: UInt32.self)),
            UInt64(bigEndian: key.loadUnaligned(fromByteOffset: 5, as: UInt64.self))
        )
    }

    /// Reads the number at the end of a key.
    static func trailing<T: FixedWidthInteger>(_ key: UnsafeRawBufferPointer, as type: T.Type) -> T? {
        guard key.count >= MemoryLayout<T>.size else { return nil }
        return T(bigEndian: key.loadUnaligned(fromByteOffset: key.count - MemoryLayout<T>.size, as: T.self))
    }

    private static func bigEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}

/// The parts of a segment.
package enum Part: UInt8, Sendable {
    case header = 0
    case visitorHashes = 1
    case visitorNames = 2
    case ordinals = 3
    case times = 4
    case values = 5
    case dictionary = 6
    case codes = 7
    case rollup = 8
    case directory = 9
    case visitorCodes = 10
    case columnMap = 11
}

/// Which part of a segment a block holds.
package struct PartID: Hashable, Sendable {
    var part: Part
    var column: UInt16 = 0
    var chunk: UInt32 = 0

    package init(part: Part, column: UInt16 = 0, chunk: UInt32 = 0) {
        self.part = part
        self.column = column
        self.chunk = chunk
    }
}
