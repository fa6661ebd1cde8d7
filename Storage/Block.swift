import Compression
import Events

/// A block: a payload with its identity, length, compression and checksum in front. See `FORMAT.md`, "Blocks".
package enum Block {
    static let headerBytes = 40
    /// The version of blocks as they are written: sealed parts changed with the second version of the format, ids and dead
    /// letters with the third.
    static func version(of kind: Kind) -> UInt8 {
        switch kind {
        case .part: SegmentHeader.version
        case .ids, .deadLetter: 2
        case .log, .erasure, .answer, .schema, .key: 1
        }
    }
    /// The versions that are read.
    static let versions: ClosedRange<UInt8> = 1...2
    /// The most a block may declare to inflate to.
    static let maxPayloadBytes = 3 << 30
    /// Payloads below this are not worth compressing.
    static let minCompressedBytes = 64

    package enum Kind: UInt8 {
        case log = 1
        case ids = 2
        case part = 3
        case deadLetter = 4
        case erasure = 5
        case answer = 6
        case schema = 7
        case key = 8
    }

    /// Where a block belongs. A block is only accepted where this agrees.
    package struct Identity: Equatable {
        var kind: Kind
        var site: UInt32 = 0
        var number: UInt64
        var part = PartID(part: .header)

        package init(kind: Kind, site: UInt32 = 0, number: UInt64, part: PartID = PartID(part: .header)) {
            self.kind = kind
            self.site = site
            self.number = number
            self.part = part
        }

        /// For messages.
        var name: String {
            switch kind {
            case .log: "log row \(number) of site \(site)"
            case .ids: "ids row \(number)"
            case .deadLetter: "dead letter \(number) of site \(site)"
            case .erasure: "erasure \(number) of site \(site)"
            case .answer: "answer \(number)"
            case .schema: "schema \(number) of site \(site)"
            case .key: "key \(String(number, radix: 16))"
            case .part: "segment \(number) of site \(site), part \(part.part) column \(part.column) chunk \(part.chunk)"
            }
        }
    }

    /// A payload as it will be stored: compressed, unless that does not pay. It has no identity yet, so it can be made
    /// before it is known where it goes.
    struct Packed: Sendable {
        let compression: UInt8
        let payloadBytes: Int
        let stored: [UInt8]

        /// A payload as it is: what its encoding has compressed already.
        init(uncompressed payload: [UInt8]) {
            precondition(payload.count <= maxPayloadBytes, "a block's payload is bounded by its writer")
            payloadBytes = payload.count
            compression = 0
            stored = payload
        }

        /// Compresses a payload at a zstd level.
        init(_ payload: [UInt8], level: Int32) {
            precondition(payload.count <= maxPayloadBytes, "a block's payload is bounded by its writer")
            payloadBytes = payload.count
            // A payload that cannot be compressed, for whatever reason, is stored as it is.
            if payload.count >= minCompressedBytes,
                let compressed = try? payload.withBytes({ (raw) throws(CompressionError) in
                    try Zstd.compress(raw, level: level)
                }), compressed.count < payload.count
            {
                compression = 1
                stored = compressed
            } else {
                compression = 0
                stored = payload
            }
        }
    }

    /// Makes a block of a payload, compressed at `level` unless that does not pay.
    package static func encode(_ payload: [UInt8], identity: Identity, level: Int32) -> [UInt8] {
        encode(Packed(payload, level: level), identity: identity)
    }

    /// Puts the header before a packed payload.
    static func encode(_ packed: Packed, identity: Identity) -> [UInt8] {
        var writer = ByteWriter()
        writer.reserve(headerBytes + packed.stored.count)
        writer.u8(0x57)
        writer.u8(0x42)
        writer.u8(version(of: identity.kind))
        writer.u8(identity.kind.rawValue)
        writer.u8(packed.compression)
        writer.u8(identity.part.part.rawValue)
        writer.fixed(identity.part.column)
        writer.fixed(identity.site)
        writer.fixed(identity.part.chunk)
        writer.fixed(identity.number)
        writer.fixed(UInt32(packed.payloadBytes))
        writer.fixed(UInt32(packed.stored.count))
        writer.fixed(checksum(header: writer.bytes, stored: packed.stored))
        writer.array(packed.stored)
        return writer.bytes
    }

    /// Checks a block and returns its payload.
    package static func decode(_ block: UnsafeRawBufferPointer, identity: Identity) throws(StorageError) -> [UInt8] {
        try withPayload(block, identity: identity) { [UInt8]($0) }
    }

    /// Checks a block and calls `body` with its payload, which lies in the block itself where it is not compressed.
    static func withPayload<R>(
        _ block: UnsafeRawBufferPointer, identity: Identity, _ body: (UnsafeRawBufferPointer) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        func damaged(_ reason: String) -> StorageError { .corrupt(block: identity.name, reason: reason) }
        guard block.count >= headerBytes else { throw damaged("it is shorter than a header") }
        guard block[0] == 0x57, block[1] == 0x42 else { throw damaged("it does not begin with the magic bytes") }
        guard versions.contains(block[2]) else {
            throw damaged(
                "its version is \(block[2]), this program reads \(versions.lowerBound) to \(versions.upperBound)")
        }
        let header = UnsafeRawBufferPointer(rebasing: block[0..<32])
        let stored = UnsafeRawBufferPointer(rebasing: block[headerBytes...])
        let rawCount = Int(UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 24, as: UInt32.self)))
        let storedCount = Int(UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 28, as: UInt32.self)))
        guard storedCount == stored.count else {
            throw damaged("it holds \(stored.count) bytes where its header says \(storedCount)")
        }
        let sum = UInt64(littleEndian: block.loadUnaligned(fromByteOffset: 32, as: UInt64.self))
        guard sum == EventHash(seed: EventHash(seed: 0)(header))(stored) else {
            throw damaged("its checksum does not match")
        }
        let site = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        let column = UInt16(littleEndian: block.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        let chunk = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        let number = UInt64(littleEndian: block.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        guard block[3] == identity.kind.rawValue, site == identity.site, number == identity.number,
            block[5] == identity.part.part.rawValue, column == identity.part.column, chunk == identity.part.chunk
        else { throw damaged("it belongs somewhere else") }
        guard rawCount <= maxPayloadBytes else { throw damaged("it declares \(rawCount) bytes") }
        switch block[4] {
        case 0:
            guard rawCount == storedCount else { throw damaged("its two lengths differ") }
            return try body(stored)
        case 1:
            // Nothing is allocated for a size that no frame of these bytes can have: a zstd block takes three bytes at
            // least and holds 128 KiB at most.
            guard rawCount <= (storedCount / 3 + 1) << 17 else { throw damaged("it declares \(rawCount) bytes") }
            let payload: [UInt8]
            do throws(CompressionError) {
                payload = try Zstd.decompress(stored, expectedCount: rawCount)
            } catch {
                throw damaged("it could not be inflated: \(error)")
            }
            return try payload.withBytes { (raw) throws(StorageError) in try body(raw) }
        default:
            throw damaged("its compression \(block[4]) is unknown")
        }
    }

    /// The format version of a block that was found good; it says how to read the payload.
    static func version(_ block: UnsafeRawBufferPointer) -> UInt8 { block[2] }

    private static func checksum(header: [UInt8], stored: [UInt8]) -> UInt64 {
        let seed = header.withUnsafeBytes { EventHash(seed: 0)($0) }
        return stored.withUnsafeBytes { EventHash(seed: seed)($0) }
    }
}
