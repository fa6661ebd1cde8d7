import CVectors

/// Unsigned integers of one width in as many bits as they need, least significant bit first, without gaps.
///
/// The packed bytes are followed by no padding: the last values are read byte by byte, so that a reader never looks
/// behind the payload.
package enum BitPacking {
    /// Bytes that `count` values of `width` bits take.
    package static func bytes(count: Int, width: Int) -> Int { (count * width + 7) / 8 }

    /// Bits that are needed for every value up to `maximum`.
    static func width(_ maximum: UInt32) -> Int { 32 - maximum.leadingZeroBitCount }

    /// Whether this processor has vectors of 256 bits.
    package static let hasVectors = weir_has_vectors()

    /// Appends `values − base`, each in `width` bits.
    ///
    /// - Precondition: every difference fits into the width.
    package static func pack(
        _ values: ArraySlice<UInt32>, minus base: UInt32, width: Int, into writer: inout ByteWriter
    ) {
        guard width > 0 else { return }
        let packed = [UInt8](unsafeUninitializedCapacity: bytes(count: values.count, width: width) + 8) { out, count in
            var accumulator: UInt64 = 0
            var bits: UInt64 = 0
            var position = 0
            guard let start = out.baseAddress else { return }
            let raw = UnsafeMutableRawPointer(start)
            values.withUnsafeBufferPointer { values in
                for value in values {
                    accumulator |= UInt64(value &- base) &<< bits
                    bits &+= UInt64(width)
                    if bits >= 32 {
                        raw.storeBytes(
                            of: UInt32(truncatingIfNeeded: accumulator).littleEndian, toByteOffset: position,
                            as: UInt32.self)
                        position &+= 4
                        accumulator &>>= 32
                        bits &-= 32
                    }
                }
            }
            raw.storeBytes(of: accumulator.littleEndian, toByteOffset: position, as: UInt64.self)
            count = bytes(count: values.count, width: width)
        }
        writer.array(packed)
    }

    /// Unpacks `output.count` values, adding `base` to each (wrapping).
    ///
    /// - Parameter readable: how many bytes may be looked at from the first of `packed` on, if more follow that are the
    ///   caller's; then all values take the quick way.
    /// - Parameter vectors: whether the processor's vectors are used where they can be.
    /// - Precondition: `packed` has exactly the bytes that these values take, `width` is at most 32.
    @inline(__always)
    package static func unpack<T: FixedWidthInteger & UnsignedInteger>(
        _ packed: UnsafeRawBufferPointer, readable: Int = 0, width: Int, base: UInt32,
        into output: UnsafeMutableBufferPointer<T>, vectors: Bool = hasVectors
    ) {
        precondition(width <= 32 && packed.count == bytes(count: output.count, width: width))
        guard width > 0, let source = packed.baseAddress, let target = output.baseAddress else {
            output.update(repeating: T(truncatingIfNeeded: base))
            return
        }
        let readable = max(readable, packed.count)
        var done = 0
        if vectors, T.self == UInt32.self, width <= WEIR_UNPACK_MAX_WIDTH {
            // A group reads 16 bytes from its middle on.
            let spare = readable - width / 2 - 16
            done = min(output.count / 8, spare < 0 ? 0 : spare / width + 1)
            weir_unpack(
                source.assumingMemoryBound(to: UInt8.self), done, UInt32(width), base,
                UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt32.self))
        }
        // Eight values begin at a byte and end at one; a group reads up to eight bytes behind its last value's first.
        let groups = max(done, min(output.count / 8, (readable - 8) / width))
        unpackGroups(source + done &* width, groups &- done, width: width, base: base, into: target + done &* 8)
        guard groups &* 8 < output.count else { return }
        unpackRest(packed, from: groups &* 8, width: width, base: base, into: output)
    }

    /// The values behind the last whole group, read byte by byte.
    private static func unpackRest<T: FixedWidthInteger & UnsignedInteger>(
        _ packed: UnsafeRawBufferPointer, from first: Int, width: Int, base: UInt32,
        into output: UnsafeMutableBufferPointer<T>
    ) {
        let mask: UInt64 = (1 << UInt64(width)) - 1
        for index in first..<output.count {
            let bit = index &* width
            var word: UInt64 = 0
            for byte in 0..<min(8, packed.count - bit / 8) {
                word |= UInt64(packed[bit / 8 + byte]) << UInt64(byte * 8)
            }
            output[index] = T(truncatingIfNeeded: UInt32(truncatingIfNeeded: (word >> UInt64(bit & 7)) & mask) &+ base)
        }
    }

    /// One loop for each width, so that all offsets, shifts and masks in it are constants: twice as fast as one loop for
    /// all of them.
    private static func unpackGroups<T: FixedWidthInteger & UnsignedInteger>(
        _ source: UnsafeRawPointer, _ groups: Int, width: Int, base: UInt32, into target: UnsafeMutablePointer<T>
    ) {
        switch width {
        case 1: unpackGroups(source, groups, bits: 1, base: base, into: target)
        case 2: unpackGroups(source, groups, bits: 2, base: base, into: target)
        case 3: unpackGroups(source, groups, bits: 3, base: base, into: target)
        case 4: unpackGroups(source, groups, bits: 4, base: base, into: target)
        case 5: unpackGroups(source, groups, bits: 5, base: base, into: target)
        case 6: unpackGroups(source, groups, bits: 6, base: base, into: target)
        case 7: unpackGroups(source, groups, bits: 7, base: base, into: target)
        case 8: unpackGroups(source, groups, bits: 8, base: base, into: target)
        case 9: unpackGroups(source, groups, bits: 9, base: base, into: target)
        case 10: unpackGroups(source, groups, bits: 10, base: base, into: target)
        case 11: unpackGroups(source, groups, bits: 11, base: base, into: target)
        case 12: unpackGroups(source, groups, bits: 12, base: base, into: target)
        case 13: unpackGroups(source, groups, bits: 13, base: base, into: target)
        case 14: unpackGroups(source, groups, bits: 14, base: base, into: target)
        case 15: unpackGroups(source, groups, bits: 15, base: base, into: target)
        case 16: unpackGroups(source, groups, bits: 16, base: base, into: target)
        case 17: unpackGroups(source, groups, bits: 17, base: base, into: target)
        case 18: unpackGroups(source, groups, bits: 18, base: base, into: target)
        case 19: unpackGroups(source, groups, bits: 19, base: base, into: target)
        case 20: unpackGroups(source, groups, bits: 20, base: base, into: target)
        case 21: unpackGroups(source, groups, bits: 21, base: base, into: target)
        case 22: unpackGroups(source, groups, bits: 22, base: base, into: target)
        case 23: unpackGroups(source, groups, bits: 23, base: base, into: target)
        case 24: unpackGroups(source, groups, bits: 24, base: base, into: target)
        case 25: unpackGroups(source, groups, bits: 25, base: base, into: target)
        case 26: unpackGroups(source, groups, bits: 26, base: base, into: target)
        case 27: unpackGroups(source, groups, bits: 27, base: base, into: target)
        case 28: unpackGroups(source, groups, bits: 28, base: base, into: target)
        case 29: unpackGroups(source, groups, bits: 29, base: base, into: target)
        case 30: unpackGroups(source, groups, bits: 30, base: base, into: target)
        case 31: unpackGroups(source, groups, bits: 31, base: base, into: target)
        default: unpackGroups(source, groups, bits: 32, base: base, into: target)
        }
    }

    @inline(__always)
    private static func unpackGroups<T: FixedWidthInteger & UnsignedInteger>(
        _ source: UnsafeRawPointer, _ groups: Int, bits: Int, base: UInt32, into target: UnsafeMutablePointer<T>
    ) {
        let mask: UInt64 = (1 &<< UInt64(bits)) &- 1
        for group in 0..<groups {
            let from = source + group &* bits
            let to = target + group &* 8
            @inline(__always)
            func lane(_ lane: Int) {
                let bit = lane &* bits
                let word = from.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self)
                let value = UInt32(truncatingIfNeeded: (word &>> UInt64(bit & 7)) & mask)
                to[lane] = T(truncatingIfNeeded: value &+ base)
            }
            lane(0)
            lane(1)
            lane(2)
            lane(3)
            lane(4)
            lane(5)
            lane(6)
            lane(7)
        }
    }
}
