#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Reads the layout that RocksDB's write-ahead logs and manifests share, without RocksDB.
///
/// Blocks of 32 KiB; in them pieces of records, each with the masked CRC-32C of type and payload (4 bytes), the payload's
/// length (2), a type (1: whole record, 2 first piece, 3 middle, 4 last; 0 padding); the last six bytes of a block are
/// unused.
struct LogFileReader {
    /// What is found in a file, in its order.
    enum Found {
        /// A whole record, with its first bytes, where it begins and where it ends.
        case record(bytes: [UInt8], offset: Int, end: Int)
        /// From here on something cannot be read; whether it is merely that the file ends.
        case damage(offset: Int, isEnd: Bool)
    }

    private static let block = 32 << 10
    /// Blocks in which the next sound piece is looked for byte by byte; in further ones only at their start.
    private static let maxSearchedBlocks = 64
    private static let header = 7

    /// Bytes of each record that are handed on.
    let keep: Int
    /// The first bytes of a record that is in several pieces, and where it begins.
    private var start: (bytes: [UInt8], offset: Int)?
    private var searchedBlocks = 0

    private init(keep: Int) { self.keep = keep }

    /// Reads a file from start to end, on behind what is damaged.
    ///
    /// - Parameters:
    ///   - keep: bytes of each record that are of interest.
    ///   - body: takes what is found and returns whether to go on.
    /// - Returns: the bytes read; `nil` if there is no such file.
    /// - Throws: when the file cannot be read. What cannot be made out is damage, and no error.
    static func read(_ path: String, keep: Int, _ body: (Found) -> Bool) throws(RocksDBError) -> Int? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw error(path) }
        defer { close(file) }
        var reader = LogFileReader(keep: keep)
        var buffer = [UInt8](repeating: 0, count: block)
        var offset = 0
        while true {
            var count = 0
            while count < block {
                let result = buffer.withUnsafeMutableBytes { bytes in
                    pread(file, bytes.baseAddress?.advanced(by: count), block - count, off_t(offset + count))
                }
                if result < 0, errno == EINTR { continue }
                guard result >= 0 else { throw error(path) }
                if result == 0 { break }
                count += result
            }
            let goesOn = buffer.withUnsafeBytes {
                reader.readBlock(UnsafeRawBufferPointer(rebasing: $0[..<count]), at: offset, body)
            }
            offset += count
            guard goesOn else { return offset }
            if count < block { break }
        }
        // A record that was begun here does not go on elsewhere.
        if let start = reader.start { _ = body(.damage(offset: start.offset, isEnd: true)) }
        return offset
    }

    private static func error(_ path: String) -> RocksDBError {
        RocksDBError(message: "IO error: While reading \(path): \(String(cString: strerror(errno)))")
    }

    private mutating func readBlock(
        _ block: UnsafeRawBufferPointer, at offset: Int, _ body: (Found) -> Bool
    ) -> Bool {
        var position = 0
        var isDamaged = false
        while position + Self.header <= block.count {
            let length = Int(UInt16(littleEndian: block.loadUnaligned(fromByteOffset: position + 4, as: UInt16.self)))
            let type = block[position + 6]
            let end = position + Self.header + length
            // Space that was reserved and not written; the rest of the block is the same.
            if !isDamaged, type == 0, length == 0 { return true }
            if Self.isSound(block, from: position, to: end, type: type) {
                isDamaged = false
                let payload = UnsafeRawBufferPointer(rebasing: block[(position + Self.header)..<end])
                guard piece(type, payload, at: offset + position, end: offset + end, body) else { return false }
                position = end
                continue
            }
            if !isDamaged {
                let isEnd = end > block.count && block.count < Self.block
                guard stop(at: offset + position, isEnd: isEnd, body) else { return false }
                isDamaged = true
                searchedBlocks += 1
                if searchedBlocks > Self.maxSearchedBlocks { return true }
            }
            // What a damaged piece says of its length is worth nothing: the next sound one is looked for byte by byte.
            position += 1
        }
        return true
    }

    private static func isSound(
        _ block: UnsafeRawBufferPointer, from position: Int, to end: Int, type: UInt8
    ) -> Bool {
        guard (1...4).contains(type), end <= block.count else { return false }
        let checked = UnsafeRawBufferPointer(rebasing: block[(position + 6)..<end])
        let stored = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: position, as: UInt32.self))
        return stored == CRC32C.masked(CRC32C.of(checked))
    }

    private mutating func piece(
        _ type: UInt8, _ payload: UnsafeRawBufferPointer, at offset: Int, end: Int, _ body: (Found) -> Bool
    ) -> Bool {
        let isFirst = type == 1 || type == 2
        if isFirst, start != nil, !stop(at: offset, isEnd: false, body) { return false }
        guard var record = isFirst ? ([], offset) : start else { return stop(at: offset, isEnd: false, body) }
        record.bytes += payload.prefix(max(0, keep - record.bytes.count))
        let isLast = type == 1 || type == 4
        start = isLast ? nil : record
        return isLast ? body(.record(bytes: record.bytes, offset: record.offset, end: end)) : true
    }

    private mutating func stop(at offset: Int, isEnd: Bool, _ body: (Found) -> Bool) -> Bool {
        let from = start?.offset ?? offset
        start = nil
        return body(.damage(offset: from, isEnd: isEnd))
    }
}
