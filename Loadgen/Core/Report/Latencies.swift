import Compression
import Foundation
import Histogram

/// Latencies in microseconds, up to an hour, with three digits.
package typealias Latencies = Histogram<UInt64>

extension Histogram<UInt64> {
    static let longestLatency: UInt64 = 3_600_000_000

    /// An empty one.
    package static func latencies() -> Latencies {
        Latencies(highestTrackableValue: longestLatency, numberOfSignificantValueDigits: .three)
    }
}

/// The compressed form of a histogram that HdrHistogram's own libraries and tools read (V2 with zlib, in base64).
package enum HistogramCode {
    /// Why text is no histogram.
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    private static let compressedCookie: UInt32 = 0x1C84_9304 | 0x10
    private static let cookie: UInt32 = 0x1C84_9303 | 0x10
    /// Slots of the first bucket at three digits: the power of two above 2 * 10^3.
    private static let halfBits: UInt64 = 10
    private static let mask: UInt64 = 2047
    private static let headerBytes = 40
    private static let sizeLimit = 16 << 20

    /// The histogram as text.
    package static func encode(_ histogram: Latencies) throws -> String {
        var counts: [UInt8] = []
        var next: UInt64 = 0
        for value in histogram.recordedValues() where value.count > 0 {
            let index = slot(of: histogram.lowestEquivalentForValue(value.value))
            if index > next { appendZigZag(-Int64(index - next), to: &counts) }
            appendZigZag(Int64(value.count), to: &counts)
            next = index + 1
        }
        var payload: [UInt8] = []
        append(cookie, to: &payload)
        append(UInt32(counts.count), to: &payload)
        // No offset, three digits, from 1 to the highest value, a ratio of 1.0.
        append(UInt32(0), to: &payload)
        append(UInt32(3), to: &payload)
        append(UInt64(1), to: &payload)
        append(Latencies.longestLatency, to: &payload)
        append((1.0).bitPattern, to: &payload)
        payload.append(contentsOf: counts)
        let compressed = try compress(payload, encoding: .deflate, level: 6)
        var bytes: [UInt8] = []
        append(compressedCookie, to: &bytes)
        append(UInt32(compressed.count), to: &bytes)
        bytes.append(contentsOf: compressed)
        return Data(bytes).base64EncodedString()
    }

    /// Reads a histogram of latencies.
    package static func decode(_ text: String) throws -> Latencies {
        guard let data = Data(base64Encoded: text), data.count > 8 else {
            throw Malformed(description: "the histogram is not base64")
        }
        let bytes = [UInt8](data)
        guard number(bytes, 0, 4) == UInt64(compressedCookie), Int(number(bytes, 4, 4)) == bytes.count - 8 else {
            throw Malformed(description: "the histogram is not in the compressed form, version 2")
        }
        let payload = try inflate(Array(bytes[8...]), encoding: .deflate, limit: sizeLimit)
        guard payload.count >= headerBytes, number(payload, 0, 4) == UInt64(cookie),
            Int(number(payload, 4, 4)) == payload.count - headerBytes, number(payload, 8, 4) == 0,
            number(payload, 12, 4) == 3, number(payload, 16, 8) == 1
        else { throw Malformed(description: "the histogram has other bounds than latencies have") }
        var histogram = Latencies.latencies()
        var position = headerBytes
        var index: UInt64 = 0
        while position < payload.count {
            let count = try zigZag(payload, &position)
            if count < 0 {
                index += UInt64(-count)
                continue
            }
            guard index < 65_536, count == 0 || histogram.record(value(of: index), count: UInt64(count)) else {
                throw Malformed(description: "the histogram holds a value above an hour")
            }
            index += 1
        }
        return histogram
    }

    /// The place of a value in the array of counts.
    private static func slot(of value: UInt64) -> UInt64 {
        let bucket = 64 - (halfBits + 1) - UInt64((value | mask).leadingZeroBitCount)
        return ((bucket + 1) << halfBits) + (value >> bucket) - (1 << halfBits)
    }

    /// The lowest value of a place.
    private static func value(of slot: UInt64) -> UInt64 {
        let within = slot & (1 << halfBits - 1)
        let bucket = slot >> halfBits
        return bucket == 0 ? within : (within + 1 << halfBits) << (bucket - 1)
    }

    private static func append<Number: FixedWidthInteger>(_ value: Number, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> UInt64 {
        bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// LEB128 of at most nine bytes, of which the ninth has eight bits.
    private static func appendZigZag(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        for _ in 0..<8 {
            if rest < 0x80 { return bytes.append(UInt8(rest)) }
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func zigZag(_ bytes: [UInt8], _ position: inout Int) throws -> Int64 {
        var value: UInt64 = 0
        for step in 0..<9 {
            guard position < bytes.count else { throw Malformed(description: "the histogram ends too early") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(step < 8 ? byte & 0x7F : byte) << UInt64(7 * step)
            if step < 8, byte < 0x80 { break }
        }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
