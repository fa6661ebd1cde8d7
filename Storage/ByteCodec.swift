/// Appends the primitive types of `FORMAT.md` to a buffer.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []
    /// Whether integers are packed without looking for what would be smaller.
    let isBrief: Bool

    package init() { isBrief = false }

    init(isBrief: Bool) { self.isBrief = isBrief }

    package mutating func u8(_ value: UInt8) { bytes.append(value) }

    package mutating func fixed<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func f64(_ value: Double) { fixed(value.bitPattern) }

    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func varint(_ value: Int) { varint(UInt64(value)) }

    package mutating func text(_ value: String) {
        varint(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func raw(_ value: UnsafeRawBufferPointer) { bytes.append(contentsOf: value) }

    /// Appends an array's elements as they lie in memory; the platforms Weir runs on are little-endian.
    package mutating func array<T: BitwiseCopyable>(_ values: [T]) {
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }
}

/// Reads the primitive types of `FORMAT.md`; every read is checked against the end.
///
/// Borrows the bytes: it must not outlive the call that handed them over.
package struct ByteReader {
    private let base: UnsafeRawBufferPointer
    private(set) var position = 0

    package init(_ bytes: UnsafeRawBufferPointer) { base = bytes }

    package var remaining: Int { base.count - position }

    package mutating func u8() throws(DecodingFault) -> UInt8 { try fixed(UInt8.self) }

    package mutating func fixed<T: FixedWidthInteger>(_ type: T.Type) throws(DecodingFault) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw DecodingFault("ends within a number") }
        defer { position += size }
        return T(littleEndian: base.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    mutating func f64() throws(DecodingFault) -> Double { Double(bitPattern: try fixed(UInt64.self)) }

    package mutating func varint() throws(DecodingFault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try u8()
            if shift == 63, byte > 1 { throw DecodingFault("holds a varint above 64 bits") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw DecodingFault("holds a varint above 64 bits") }
        }
    }

    /// A varint that counts things of at least `size` bytes each in what follows.
    mutating func count(ofSize size: Int) throws(DecodingFault) -> Int {
        let value = try varint()
        guard value <= UInt64(remaining / max(1, size)) else { throw DecodingFault("declares more than it holds") }
        return Int(value)
    }

    /// A varint that must not exceed `limit`.
    mutating func bounded(_ limit: Int) throws(DecodingFault) -> Int {
        let value = try varint()
        guard value <= UInt64(limit) else { throw DecodingFault("holds a number above its bound") }
        return Int(value)
    }

    mutating func slice(_ count: Int) throws(DecodingFault) -> UnsafeRawBufferPointer {
        guard count >= 0, remaining >= count else { throw DecodingFault("ends early") }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: base[position..<(position + count)])
    }

    package mutating func text() throws(DecodingFault) -> String {
        let count = try count(ofSize: 1)
        return String(decoding: try slice(count), as: UTF8.self)
    }

    mutating func array<T: BitwiseCopyable>(_ type: T.Type, count: Int) throws(DecodingFault) -> [T] {
        let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.size)
        guard !overflow else { throw DecodingFault("declares more than it holds") }
        let raw = try slice(size)
        return [T](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: raw)
            initialized = count
        }
    }

    package func end() throws(DecodingFault) {
        guard remaining == 0 else { throw DecodingFault("has \(remaining) bytes too many") }
    }
}

/// Why bytes could not be read; the caller adds which block they belong to.
package struct DecodingFault: Error {
    package let reason: String
    init(_ reason: String) { self.reason = reason }
}
