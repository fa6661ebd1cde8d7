import Compression
import Foundation

/// Values split by byte: all low bytes, then all second bytes, and so on, each stream compressed by itself.
///
/// The low bytes of a time are noise and stay as they are, the high ones hardly change; the low bytes of codes in order of
/// frequency have a skewed distribution that an entropy coder likes. Mixed, they spoil each other's statistics.
enum BytePlanes {
    /// zstd level of a plane. Matches are rare, so higher levels only search longer.
    private static let level: Int32 = 1
    /// A plane is compressed if that saves an eighth; otherwise reading it as it is is worth more.
    private static let maxShare = 0.875

    static func write(_ values: ArraySlice<UInt32>, maximum: UInt32, into writer: inout ByteWriter) {
        let count = max(1, (BitPacking.width(maximum) + 7) / 8)
        writer.u8(UInt8(count))
        for plane in 0..<count {
            let shift = UInt32(plane * 8)
            let bytes = values.map { UInt8(truncatingIfNeeded: $0 >> shift) }
            if let first = bytes.first, bytes.allSatisfy({ $0 == first }) {
                writer.u8(0)
                writer.u8(first)
            } else if let packed = try? Zstd.compress(bytes, level: level),
                Double(packed.count) < Double(bytes.count) * maxShare
            {
                writer.u8(2)
                writer.varint(packed.count)
                writer.array(packed)
            } else {
                writer.u8(1)
                writer.array(bytes)
            }
        }
    }
}

/// The expected size of a chunk's byte planes, from the order-0 entropy of a sample.
struct PlaneEstimate {
    /// Expected bytes of all rows.
    let bytes: Double
    /// Planes that will be compressed, and planes that will be as they are.
    let compressed: Int
    let plain: Int

    private static let stretch = 512
    private static let stretches = 8

    init(_ values: ArraySlice<UInt32>, deltas: Bool) {
        var counts = [UInt32](repeating: 0, count: 4 * 256)
        var rows = 0
        let spacing = max(Self.stretch, values.count / Self.stretches)
        var start = values.startIndex
        while start < values.endIndex {
            var previous: UInt32 = start > values.startIndex ? values[start - 1] : 0
            for value in values[start..<min(start + Self.stretch, values.endIndex)] {
                let coded = deltas ? (value &- previous).zigzagged : value
                previous = value
                counts[Int(coded & 0xff)] += 1
                counts[256 + Int(coded >> 8 & 0xff)] += 1
                counts[512 + Int(coded >> 16 & 0xff)] += 1
                counts[768 + Int(coded >> 24)] += 1
                rows += 1
            }
            start += spacing
        }
        var total = 8.0
        var (compressed, plain) = (0, 0)
        for plane in 0..<4 {
            var bits = 0.0
            var distinct = 0
            for count in counts[(plane * 256)..<(plane * 256 + 256)] where count > 0 {
                bits += Double(count) * log2(Double(rows) / Double(count))
                distinct += 1
            }
            if distinct <= 1 { continue }
            // A table of the code lengths comes with it, and no plane is larger than its bytes.
            let share = min(1, bits / 8 / Double(rows) * 1.02)
            total += (share > 0.875 ? 1 : share) * Double(values.count) + 24 + Double(distinct) / 2
            if share > 0.875 { plain += 1 } else { compressed += 1 }
        }
        bytes = total
        (self.compressed, self.plain) = (compressed, plain)
    }
}
