/// The checksum of RocksDB's logs: CRC-32C (Castagnoli), eight bytes a step.
enum CRC32C {
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
            tables[byte] = value
        }
        for table in 1..<8 {
            for byte in 0..<256 {
                let before = tables[(table - 1) * 256 + byte]
                tables[table * 256 + byte] = before >> 8 ^ tables[Int(before & 0xFF)]
            }
        }
        return tables
    }()

    /// The checksum of some bytes.
    ///
    /// - Complexity: about a nanosecond a byte.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var value = UInt32.max
            var position = 0
            while position + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let mixed = word ^ UInt64(value)
                value = 0
                for step in 0..<8 {
                    value ^= tables[(7 - step) * 256 + Int(truncatingIfNeeded: mixed >> UInt64(8 * step) & 0xFF)]
                }
                position += 8
            }
            while position < bytes.count {
                value = value >> 8 ^ tables[Int((value ^ UInt32(bytes[position])) & 0xFF)]
                position += 1
            }
            return ~value
        }
    }

    /// The form in which RocksDB stores it: turned and shifted, so that a checksum of bytes that contain one is sound.
    static func masked(_ value: UInt32) -> UInt32 { (value >> 15 | value << 17) &+ 0xA282_EAD8 }
}
