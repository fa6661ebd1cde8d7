import CVectors
import Compression

/// Decodes the integer encodings into memory that the caller provides.
///
/// The loops are generic over the width of the result and specialised for each; every read of the payload is checked by
/// ``ByteReader`` before a loop starts, so that the loops themselves need no checks. Arithmetic wraps: what a damaged payload yields is
/// found out by its caller, which compares the greatest value with its limit.
enum IntegerReader {
    static func read<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ reader: inout ByteReader, into output: UnsafeMutableBufferPointer<T>, depth: Int
    ) throws(DecodingFault) {
        guard try reader.varint() == UInt64(output.count) else { throw DecodingFault("has another number of rows") }
        let tag = try reader.u8()
        guard let encoding = IntegerCodec.Encoding(rawValue: tag) else {
            throw DecodingFault("has the unknown encoding \(tag)")
        }
        switch encoding {
        case .constant: output.update(repeating: T(truncatingIfNeeded: try reader.varint()))
        case .bytes1: try plain(&reader, UInt8.self, into: output)
        case .bytes2: try plain(&reader, UInt16.self, into: output)
        case .bytes4: try plain(&reader, UInt32.self, into: output)
        case .varintDelta: try varintDeltas(&reader, into: output)
        case .packed: try packed(&reader, into: output)
        case .delta: try deltas(&reader, into: output, depth: depth)
        case .deltaOfDelta: try deltasOfDeltas(&reader, into: output, depth: depth)
        case .runs: try runs(&reader, into: output, depth: depth)
        case .planes: try planes(&reader, into: output)
        case .patched: try patched(&reader, into: output)
        }
    }

    /// The greatest value; 0 for none.
    static func maximum<T: FixedWidthInteger & UnsignedInteger>(_ values: [T]) -> T {
        var maximum: T = 0
        for value in values { maximum = max(maximum, value) }
        return maximum
    }

    /// Integers of a nested column, in memory of their own.
    private static func nested(
        _ reader: inout ByteReader, count: Int, depth: Int
    ) throws(DecodingFault) -> [UInt32] {
        guard depth < IntegerCodec.maxDepth else { throw DecodingFault("nests its encodings too deeply") }
        guard count <= CodeChunk.rows else { throw DecodingFault("holds more rows than a chunk has") }
        var fault: DecodingFault?
        let values = [UInt32](unsafeUninitializedCapacity: count) { output, initialized in
            do throws(DecodingFault) {
                try read(
                    &reader, into: UnsafeMutableBufferPointer(rebasing: output[..<count]), depth: depth + 1)
                initialized = count
            } catch {
                fault = error
                initialized = 0
            }
        }
        if let fault { throw fault }
        return values
    }

    private static func plain<T: FixedWidthInteger & UnsignedInteger, S: FixedWidthInteger & BitwiseCopyable>(
        _ reader: inout ByteReader, _ stored: S.Type, into output: UnsafeMutableBufferPointer<T>
    ) throws(DecodingFault) {
        let raw = try reader.slice(output.count * MemoryLayout<S>.size)
        for index in output.indices {
            output[index] = T(
                truncatingIfNeeded: S(
                    littleEndian: raw.loadUnaligned(fromByteOffset: index &* MemoryLayout<S>.size, as: S.self)))
        }
    }

    private static func varintDeltas<T: FixedWidthInteger & UnsignedInteger>(
        _ reader: inout ByteReader, into output: UnsafeMutableBufferPointer<T>
    ) throws(DecodingFault) {
        var previous: UInt64 = 0
        for index in output.indices {
            let raw = try reader.varint()
            previous = previous &+ ((raw >> 1) ^ (0 &- (raw & 1)))
            guard previous <= UInt64(T.max) else { throw DecodingFault("holds a code out of range") }
            output[index] = T(truncatingIfNeeded: previous)
        }
    }

    private static func packed<T: FixedWidthInteger & UnsignedInteger>(
        _ reader: inout ByteReader, into output: UnsafeMutableBufferPointer<T>
    ) throws(DecodingFault) {
        let base = UInt32(truncatingIfNeeded: try reader.bounded(Int(UInt32.max)))
        let width = Int(try reader.u8())
        guard width <= 32 else { throw DecodingFault("packs into \(width) bits") }
        let raw = try reader.slice(BitPacking.bytes(count: output.count, width: width))
        BitPacking.unpack(raw, width: width, base: base, into: output)
    }

    private static func deltas<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ reader: inout ByteReader, into output: UnsafeMutableBufferPointer<T>, depth: Int
    ) throws(DecodingFault) {
        var value = UInt32(truncatingIfNeeded: try reader.bounded(Int(UInt32.max)))
        let steps = try nested(&reader, count: output.count, depth: depth)
        for index in output.indices {
            value = value &+ steps[index].unzigzagged
            output[index] = T(truncatingIfNeeded: value)
        }
    }

    private static func deltasOfDeltas<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ reader: inout ByteReader, into output: UnsafeMutableBufferPointer<T>, depth: Int
    ) throws(DecodingFault) {
        let first = UInt32(truncatingIfNeeded: try reader.bounded(Int(UInt32.max)))
        var step = UInt32(truncatingIfNeeded: try reader.bounded(Int(UInt32.max)))
        let changes = try nested(&reader, count: output.count, depth: depth)
        var value = first &- step
        for index in output.indices {
            step = step &+ changes[index].unzigzagged
            value = value &+ step
            output[index] = T(truncatingIfNeeded: value)
        }
    }

    private static func runs<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ reader: inout ByteReader, into output: UnsafeMutableBufferPointer<T>, depth: Int
    ) throws(DecodingFault) {
        let count = try reader.bounded(output.count)
        let values = try nested(&reader, count: count, depth: depth)
        let lengths = try nested(&reader, count: count, depth: depth)
        guard let base = output.baseAddress else { return }
        var position = 0
        for run in 0..<count {
            let length = Int(lengths[run]) &+ 1
            guard length <= output.count &- position else { throw DecodingFault("has runs for more than its rows") }
            let value = T(truncatingIfNeeded: values[run])
            // Most runs are short: sixteen places are written at once where there is room, and those behind the run again by
            // the next ones, so that no length is guessed wrong.
            if position &+ 16 <= output.count {
                for lane in 0..<16 { base[position &+ lane] = value }
                if length > 16 { for index in (position &+ 16)..<(position &+ length) { base[index] = value } }
            } else {
                for index in position..<(position &+ length) { base[index] = value }
            }
            position &+= length
        }
        guard position == output.count else { throw DecodingFault("has runs for fewer than its rows") }
    }

    private static func patched<T: FixedWidthInteger & UnsignedInteger>(
        _ reader: inout ByteReader, into output: UnsafeMutableBufferPointer<T>
    ) throws(DecodingFault) {
        let count = output.count
        let form = try reader.u8()
        let range = Int(try reader.u8())
        let width = Int(try reader.u8())
        guard form <= 1, range <= 32, width < range else { throw DecodingFault("packs \(range) bits into \(width)") }
        let marks = try reader.slice((count + 7) / 8)
        var marked = 0
        for byte in marks { marked &+= byte.nonzeroBitCount }
        // A mark behind the last row would be a write behind the output.
        guard count % 8 == 0 || marks[marks.count - 1] >> UInt8(count % 8) == 0 else {
            throw DecodingFault("marks a row behind its end")
        }
        let high = try reader.slice(BitPacking.bytes(count: marked, width: range - width))
        let low = try reader.slice(BitPacking.bytes(count: count, width: width))
        withScratch(marked) { highs in
            BitPacking.unpack(high, width: range - width, base: 0, into: highs)
            let parts = Patches(marks: marks, highs: UnsafeBufferPointer(highs), low: low, width: width, range: range)
            if form == 0 { parts.values(into: output) } else { parts.sums(into: output) }
        }
    }

    /// Patched values, put together some at a time, so that all but the result stays in the nearest cache.
    private struct Patches {
        let marks: UnsafeRawBufferPointer
        let highs: UnsafeBufferPointer<UInt32>
        let low: UnsafeRawBufferPointer
        let width: Int
        let range: Int

        private static let block = 256

        func values<T: FixedWidthInteger & UnsignedInteger>(into output: UnsafeMutableBufferPointer<T>) {
            forEachBlock(of: output) { _ in }
        }

        /// Differences are modulo 2^range, which divides 2³²: one mask at the end is enough.
        func sums<T: FixedWidthInteger & UnsignedInteger>(into output: UnsafeMutableBufferPointer<T>) {
            let mask = UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(range) - 1)
            var sum: UInt32 = 0
            forEachBlock(of: output) { values in
                guard let start = values.baseAddress else { return }
                let groups = BitPacking.hasVectors ? values.count / 8 : 0
                if groups > 0 { sum = weir_sum(start, groups, sum, mask) }
                for index in (groups &* 8)..<values.count {
                    sum = sum &+ start[index]
                    start[index] = sum & mask
                }
            }
        }

        /// Calls `body` with each block's values, and writes what it makes of them.
        @inline(__always)
        private func forEachBlock<T: FixedWidthInteger & UnsignedInteger>(
            of output: UnsafeMutableBufferPointer<T>, _ body: (UnsafeMutableBufferPointer<UInt32>) -> Void
        ) {
            var next = 0
            guard let base = output.baseAddress else { return }
            if T.self == UInt32.self {
                // They are made where they belong.
                let target = UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt32.self)
                for start in stride(from: 0, to: output.count, by: Self.block) {
                    let count = min(Self.block, output.count &- start)
                    let block = UnsafeMutableBufferPointer(start: target + start, count: count)
                    fill(block, from: start, &next)
                    body(block)
                }
                return
            }
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.block) { values in
                for start in stride(from: 0, to: output.count, by: Self.block) {
                    let block = UnsafeMutableBufferPointer(rebasing: values[..<min(Self.block, output.count &- start)])
                    fill(block, from: start, &next)
                    body(block)
                    for index in block.indices { base[start &+ index] = T(truncatingIfNeeded: block[index]) }
                }
            }
        }

        /// Puts a block's values together.
        ///
        /// - Parameter next: the first of ``highs`` that none has taken.
        @inline(__always)
        private func fill(_ block: UnsafeMutableBufferPointer<UInt32>, from start: Int, _ next: inout Int) {
            // A block's low bits begin at a byte, since it has a multiple of eight values.
            let first = start / 8 &* width
            let end = first &+ BitPacking.bytes(count: block.count, width: width)
            BitPacking.unpack(
                UnsafeRawBufferPointer(rebasing: low[first..<end]), readable: low.count &- first, width: width, base: 0,
                into: block)
            guard var place = block.baseAddress else { return }
            for number in (start / 64)..<((start &+ block.count &+ 63) / 64) {
                var bits = word(number)
                while bits != 0 {
                    place[bits.trailingZeroBitCount] |= highs[next] &<< UInt32(width)
                    next &+= 1
                    bits &= bits &- 1
                }
                place += 64
            }
        }

        /// The marks of 64 values; those behind the end are not set.
        @inline(__always)
        private func word(_ block: Int) -> UInt64 {
            if block &* 8 &+ 8 <= marks.count {
                return UInt64(littleEndian: marks.loadUnaligned(fromByteOffset: block &* 8, as: UInt64.self))
            }
            var bits: UInt64 = 0
            for byte in (block &* 8)..<marks.count { bits |= UInt64(marks[byte]) &<< UInt64((byte & 7) &* 8) }
            return bits
        }
    }

    /// Memory for `count` numbers during a call.
    private static func withScratch(_ count: Int, _ body: (UnsafeMutableBufferPointer<UInt32>) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(1, count)) {
            body(UnsafeMutableBufferPointer(rebasing: $0[..<count]))
        }
    }

    private static func planes<T: FixedWidthInteger & UnsignedInteger>(
        _ reader: inout ByteReader, into output: UnsafeMutableBufferPointer<T>
    ) throws(DecodingFault) {
        let count = Int(try reader.u8())
        guard (1...4).contains(count) else { throw DecodingFault("has \(count) planes") }
        for plane in 0..<count {
            let shift = T(truncatingIfNeeded: plane * 8)
            switch try reader.u8() {
            case 0:
                let value = T(truncatingIfNeeded: try reader.u8()) << shift
                if plane == 0 {
                    output.update(repeating: value)
                } else if value != 0 {
                    for index in output.indices { output[index] |= value }
                }
            case 1:
                merge(try reader.slice(output.count), shift: shift, isFirst: plane == 0, into: output)
            case 2:
                let stored = try reader.slice(try reader.count(ofSize: 1))
                let bytes: [UInt8]
                do throws(CompressionError) {
                    bytes = try Zstd.decompress(stored, expectedCount: output.count)
                } catch {
                    throw DecodingFault("has a plane that could not be inflated: \(error)")
                }
                bytes.withUnsafeBytes { merge($0, shift: shift, isFirst: plane == 0, into: output) }
            case let kind: throw DecodingFault("has a plane of unknown kind \(kind)")
            }
        }
    }

    @inline(__always)
    private static func merge<T: FixedWidthInteger & UnsignedInteger>(
        _ bytes: UnsafeRawBufferPointer, shift: T, isFirst: Bool, into output: UnsafeMutableBufferPointer<T>
    ) {
        precondition(bytes.count == output.count)
        if isFirst {
            for index in output.indices { output[index] = T(truncatingIfNeeded: bytes[index]) }
        } else {
            for index in output.indices { output[index] |= T(truncatingIfNeeded: bytes[index]) &<< shift }
        }
    }
}
