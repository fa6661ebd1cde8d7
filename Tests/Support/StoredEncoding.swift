/// Content encodings without compression, so that tests need no library and no tool: each wraps the bytes as they are.
public enum StoredEncoding {
    /// A gzip member (RFC 1952) of stored blocks.
    public static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0xFF] + deflateBlocks(bytes) + little(crc32(bytes))
            + little(UInt32(truncatingIfNeeded: bytes.count))
    }

    /// A zlib stream (RFC 1950) of stored blocks: what HTTP calls `deflate`.
    public static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        [0x78, 0x01] + deflateBlocks(bytes) + little(adler32(bytes)).reversed()
    }

    /// A zstd frame (RFC 8878) of raw blocks.
    public static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        // A single segment with an eight-byte content size and no checksum.
        var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0]
        frame += little(UInt32(bytes.count)) + [0, 0, 0, 0]
        var position = 0
        repeat {
            let end = min(bytes.count, position + 100_000)
            let header = UInt32(end - position) << 3 | (end == bytes.count ? 1 : 0)
            frame += little(header).prefix(3) + bytes[position..<end]
            position = end
        } while position < bytes.count
        return frame
    }

    /// A small zstd frame that becomes many spaces: a bomb.
    ///
    /// - Parameter mebibytes: what it grows to.
    public static func zstdBomb(mebibytes: Int) -> [UInt8] {
        var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x50]
        let blocks = mebibytes * 1024 * 1024 / 0x1_0000
        for number in 1...blocks {
            // A block of one repeated byte.
            frame += little(UInt32(0x1_0000) << 3 | 1 << 1 | (number == blocks ? 1 : 0)).prefix(3) + [0x20]
        }
        return frame
    }

    private static func deflateBlocks(_ bytes: [UInt8]) -> [UInt8] {
        var blocks: [UInt8] = []
        var position = 0
        repeat {
            let end = min(bytes.count, position + 65_535)
            let length = UInt16(end - position)
            blocks.append(end == bytes.count ? 1 : 0)
            blocks += [UInt8(length & 0xFF), UInt8(length >> 8), UInt8(~length & 0xFF), UInt8(~length >> 8)]
            blocks += bytes[position..<end]
            position = end
        } while position < bytes.count
        return blocks
    }

    private static func little(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }
}
