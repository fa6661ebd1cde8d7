import Compression
import Foundation

/// What a look at a chunk finds out about it: its range and its runs exactly, the rest from a sample.
struct IntegerShape {
    var count = 0
    var minimum = UInt32.max
    var maximum: UInt32 = 0
    /// Runs of equal values.
    var runs = 0
    /// How many values the following are about: all, or a sample.
    var sampled = 0
    /// How many zigzag differences between neighbours have how many bits.
    var deltaWidths = [Int](repeating: 0, count: 33)
    /// How many values, and how many ascending differences, have how many bits.
    var valueWidths = [Int](repeating: 0, count: 33)
    var stepWidths = [Int](repeating: 0, count: 33)
    /// The widest zigzag difference between differences.
    var changeWidth = 0

    /// Rows of a stretch that is looked at closely, and how many stretches there are: widths of differences are known well
    /// enough from a sample.
    private static let stretch = 1_024
    private static let stretches = 8

    /// A shape that its maker fills in.
    init() {}

    init(_ values: ArraySlice<UInt32>) {
        count = values.count
        guard let first = values.first else {
            minimum = 0
            return
        }
        values.withUnsafeBufferPointer { values in
            // Three sums side by side, of four bytes each, which the compiler makes vectors of.
            var (least, greatest, changes) = (first, first, 0 as UInt32)
            for index in 1..<max(1, values.count) {
                least = min(least, values[index])
                greatest = max(greatest, values[index])
                changes &+= values[index] == values[index &- 1] ? 0 : 1
            }
            (minimum, maximum, runs) = (least, greatest, Int(changes) + 1)
        }
        guard minimum != maximum else { return }
        let spacing = max(Self.stretch, (count + Self.stretches - 1) / Self.stretches)
        for start in stride(from: values.startIndex, to: values.endIndex, by: spacing) {
            // The first value and the first difference are written by themselves: as if both had always been so.
            let step =
                start > values.startIndex + 1
                ? values[start - 1] &- values[start - 2] : values[values.startIndex + 1] &- first
            let before = start > values.startIndex ? values[start - 1] : first &- step
            sample(values[start..<min(start + Self.stretch, values.endIndex)], after: before, step: step)
        }
    }

    private mutating func sample(_ values: ArraySlice<UInt32>, after before: UInt32, step: UInt32) {
        var previous = before
        var step = step
        var changes: UInt32 = 0
        deltaWidths.withUnsafeMutableBufferPointer { deltaWidths in
            stepWidths.withUnsafeMutableBufferPointer { stepWidths in
                valueWidths.withUnsafeMutableBufferPointer { valueWidths in
                    for value in values {
                        let next = value &- previous
                        changes |= (next &- step).zigzagged
                        deltaWidths[BitPacking.width(next.zigzagged)] &+= 1
                        valueWidths[BitPacking.width(value)] &+= 1
                        // A fall takes all bits of the range; the last place stands for it.
                        stepWidths[value >= previous ? BitPacking.width(next) : 32] &+= 1
                        step = next
                        previous = value
                    }
                }
            }
        }
        sampled += values.count
        changeWidth = max(changeWidth, BitPacking.width(changes))
    }

    /// Bits of the widest difference.
    var deltaWidth: Int { deltaWidths.lastIndex { $0 > 0 } ?? 0 }
}

/// The choice of an encoding for one chunk, with the bytes it is expected to take and the time it is expected to take to
/// read them.
struct IntegerPlan {
    var encoding: IntegerCodec.Encoding
    var bytes: Double
    /// Nanoseconds of decoding a value.
    var nanoseconds = 0.0
    /// For patched values: the bits that most fit into, and whether they are differences.
    var width = 0
    var ofDeltas = false
    /// For runs: what writing them came to.
    var content: [UInt8] = []

    /// Chunks below this are packed; there is nothing to gain from an entropy coder's tables.
    private static let minPlaneRows = 256

    /// What decoding a value costs, nanoseconds, as measured; what weighs is how these compare.
    private enum Cost {
        static let packed = 0.5
        static let patched = 1.0
        /// Of summing differences up, besides what reading them takes.
        static let delta = 0.5
        /// Of a run.
        static let run = 2.0
        /// Of a plane: inflated, or as it is.
        static let compressedPlane = 1.1
        static let plainPlane = 0.2
    }

    /// A value may take so many bytes more to be read a nanosecond faster.
    private static let bytesANanosecond = 0.25

    /// Bytes and time in one number, of so many values.
    private func cost(_ count: Int) -> Double { bytes + nanoseconds * Self.bytesANanosecond * Double(count) }

    /// Estimates every encoding and takes the one that costs least.
    static func choose(_ shape: IntegerShape, _ values: ArraySlice<UInt32>, depth: Int) -> IntegerPlan {
        let count = shape.count
        if count == 0 || shape.minimum == shape.maximum { return IntegerPlan(encoding: .constant, bytes: 4) }
        let range = BitPacking.width(shape.maximum - shape.minimum)
        var best = IntegerPlan(
            encoding: .packed, bytes: Double(BitPacking.bytes(count: count, width: range)) + 6,
            nanoseconds: Cost.packed)
        func consider(_ plan: IntegerPlan) {
            if plan.cost(count) < best.cost(count) { best = plan }
        }
        guard depth < IntegerCodec.maxDepth - 1 else {
            if count >= minPlaneRows { consider(planes(values)) }
            return best
        }
        if shape.changeWidth + 2 < range {
            consider(
                IntegerPlan(
                    encoding: .deltaOfDelta,
                    bytes: Double(BitPacking.bytes(count: count, width: shape.changeWidth)) + 10,
                    nanoseconds: Cost.packed + Cost.delta))
        }
        consider(
            IntegerPlan(
                encoding: .delta, bytes: Double(BitPacking.bytes(count: count, width: shape.deltaWidth)) + 8,
                nanoseconds: Cost.packed + Cost.delta))
        consider(patched(shape, ofDeltas: false))
        consider(patched(shape, ofDeltas: true))
        if shape.runs * 2 < count {
            // Runs are fewer than rows, so writing them to see is cheap, and estimates of both parts are not.
            var trial = ByteWriter()
            writeRuns(values, shape, into: &trial, depth: depth)
            consider(
                IntegerPlan(
                    encoding: .runs, bytes: Double(trial.bytes.count),
                    nanoseconds: Cost.packed + Cost.run * Double(shape.runs) / Double(count), content: trial.bytes))
        }
        if count >= minPlaneRows {
            consider(planes(values))
            if shape.deltaWidth <= range + 1 { consider(deltaPlanes(values)) }
        }
        return best
    }

    /// Patched values or differences, with the width that makes the whole smallest.
    private static func patched(_ shape: IntegerShape, ofDeltas: Bool) -> IntegerPlan {
        let count = shape.sampled
        let range = BitPacking.width(shape.maximum)
        let widths = ofDeltas ? shape.stepWidths : shape.valueWidths
        var best = IntegerPlan(
            encoding: .patched, bytes: .infinity, nanoseconds: Cost.patched, ofDeltas: ofDeltas)
        var fitting = 0
        for width in 0..<range {
            fitting += widths[width]
            let bits = count * width + (count - fitting) * (range - width) + count
            let bytes = Double(bits) / 8 / Double(max(1, count)) * Double(shape.count) + 8
            if bytes < best.bytes {
                best.bytes = bytes
                best.width = width
            }
        }
        return best
    }

    private static func planes(_ values: ArraySlice<UInt32>) -> IntegerPlan {
        let estimate = PlaneEstimate(values, deltas: false)
        return IntegerPlan(encoding: .planes, bytes: estimate.bytes, nanoseconds: nanoseconds(estimate))
    }

    private static func deltaPlanes(_ values: ArraySlice<UInt32>) -> IntegerPlan {
        let estimate = PlaneEstimate(values, deltas: true)
        return IntegerPlan(
            encoding: .delta, bytes: estimate.bytes + 4, nanoseconds: nanoseconds(estimate) + Cost.delta)
    }

    private static func nanoseconds(_ estimate: PlaneEstimate) -> Double {
        Double(estimate.compressed) * Cost.compressedPlane + Double(estimate.plain) * Cost.plainPlane
    }

    /// Writes the values as planned: the encoding's tag and its content.
    func write(_ values: ArraySlice<UInt32>, _ shape: IntegerShape, into writer: inout ByteWriter, depth: Int) {
        writer.u8(encoding.rawValue)
        switch encoding {
        case .constant: writer.varint(UInt64(shape.count == 0 ? 0 : shape.minimum))
        case .packed:
            let width = BitPacking.width(shape.maximum - shape.minimum)
            writer.varint(UInt64(shape.minimum))
            writer.u8(UInt8(width))
            BitPacking.pack(values, minus: shape.minimum, width: width, into: &writer)
        case .delta:
            var previous = values[values.startIndex]
            writer.varint(UInt64(previous))
            let steps = values.map { value in
                defer { previous = value }
                return (value &- previous).zigzagged
            }
            IntegerCodec.encode(steps[...], into: &writer, depth: depth + 1)
        case .deltaOfDelta:
            let first = values[values.startIndex]
            var step = values[values.startIndex + 1] &- first
            var previous = first &- step
            writer.varint(UInt64(first))
            writer.varint(UInt64(step))
            let changes = values.map { value in
                let next = value &- previous
                defer {
                    previous = value
                    step = next
                }
                return (next &- step).zigzagged
            }
            IntegerCodec.encode(changes[...], into: &writer, depth: depth + 1)
        case .runs: writer.array(content)
        case .patched: writePatched(values, shape, into: &writer)
        case .planes: BytePlanes.write(values, maximum: shape.maximum, into: &writer)
        case .bytes1, .bytes2, .bytes4, .varintDelta:
            preconditionFailure("the plan never chooses an encoding of log rows")
        }
    }

    private static func writeRuns(
        _ values: ArraySlice<UInt32>, _ shape: IntegerShape, into writer: inout ByteWriter, depth: Int
    ) {
        var lengths: [UInt32] = []
        let runValues = [UInt32](unsafeUninitializedCapacity: shape.runs) { runValues, count in
            lengths = [UInt32](unsafeUninitializedCapacity: shape.runs) { lengths, lengthCount in
                values.withUnsafeBufferPointer { values in
                    var start = 0
                    for index in values.indices where index == values.count - 1 || values[index] != values[index + 1] {
                        runValues.initializeElement(at: count, to: values[index])
                        lengths.initializeElement(at: count, to: UInt32(truncatingIfNeeded: index - start))
                        start = index + 1
                        count += 1
                    }
                }
                lengthCount = count
            }
        }
        writer.varint(runValues.count)
        IntegerCodec.encode(runValues[...], into: &writer, depth: depth + 1)
        IntegerCodec.encode(lengths[...], into: &writer, depth: depth + 1)
    }

    private func writePatched(_ values: ArraySlice<UInt32>, _ shape: IntegerShape, into writer: inout ByteWriter) {
        let range = BitPacking.width(shape.maximum)
        let mask = UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(range) - 1)
        let lowMask = UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(width) - 1)
        var marks = [UInt8](repeating: 0, count: (values.count + 7) / 8)
        var high: [UInt32] = []
        let low = [UInt32](unsafeUninitializedCapacity: values.count) { low, lowCount in
            high = [UInt32](unsafeUninitializedCapacity: values.count) { high, highCount in
                values.withUnsafeBufferPointer { values in
                    marks.withUnsafeMutableBufferPointer { marks in
                        var previous: UInt32 = 0
                        for index in values.indices {
                            let value = values[index]
                            let coded = ofDeltas ? (value &- previous) & mask : value
                            previous = value
                            low.initializeElement(at: index, to: coded & lowMask)
                            // Written in any case, and kept if it is marked: without a branch, which is hard to guess.
                            high.initializeElement(at: highCount, to: coded >> UInt32(width))
                            let isMarked: UInt8 = coded > lowMask ? 1 : 0
                            highCount &+= Int(isMarked)
                            marks[index / 8] |= isMarked &<< UInt8(index % 8)
                        }
                    }
                }
            }
            lowCount = values.count
        }
        writer.u8(ofDeltas ? 1 : 0)
        writer.u8(UInt8(range))
        writer.u8(UInt8(width))
        writer.array(marks)
        BitPacking.pack(high[...], minus: 0, width: range - width, into: &writer)
        BitPacking.pack(low[...], minus: 0, width: width, into: &writer)
    }
}
