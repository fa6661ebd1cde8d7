/// Some of a segment's visitors: which, while they are few or nearly all, and how many beyond.
///
/// Ordinals are positions in the segment's visitor hashes; with those a set can be united with sets of other segments.
public enum VisitorSet: Sendable, Equatable {
    /// These visitors, ascending.
    case ordinals([UInt32])
    /// All of the segment's visitors but these, ascending: what the missing value of a rare property has.
    case complement([UInt32])
    /// A sketch of their hashes.
    case sketch(VisitorSketch)

    /// Bytes held, approximately.
    var bytes: Int {
        switch self {
        case .ordinals(let ordinals), .complement(let ordinals): ordinals.count * 4 + 32
        case .sketch(let sketch): sketch.bytes
        }
    }

    /// Whether the visitors are known one by one.
    public var isExact: Bool {
        if case .sketch = self { false } else { true }
    }

    /// Adds the visitors to a sketch.
    ///
    /// - Parameter hashes: the segment's visitor hashes.
    /// - Complexity: O(visitors) for a complement, else O(size).
    public func add(to sketch: inout VisitorSketch, hashes: [UInt64]) {
        switch self {
        case .ordinals(let ordinals):
            for ordinal in ordinals where Int(ordinal) < hashes.count { sketch.insert(hashes[Int(ordinal)]) }
        case .complement(let others):
            var next = 0
            for (ordinal, hash) in hashes.enumerated() {
                if next < others.count, Int(others[next]) == ordinal { next += 1 } else { sketch.insert(hash) }
            }
        case .sketch(let other): sketch.merge(other)
        }
    }

    /// Calls `body` with each ordinal, ascending; not for sketches.
    ///
    /// - Parameter visitors: number of the segment's visitors.
    /// - Returns: `false` for a sketch, which does not know them.
    public func forEachOrdinal(of visitors: Int, _ body: (UInt32) -> Void) -> Bool {
        switch self {
        case .ordinals(let ordinals): ordinals.forEach(body)
        case .complement(let others):
            var next = 0
            for ordinal in 0..<UInt32(clamping: visitors) {
                if next < others.count, others[next] == ordinal { next += 1 } else { body(ordinal) }
            }
        case .sketch: return false
        }
        return true
    }
}

/// Sets as bytes. See `FORMAT.md`, "Visitor set".
extension VisitorSet {
    private enum Form: UInt8 {
        case ordinals = 0
        case complement = 1
        case sketch = 2
        case part = 3
    }

    /// Its sketch, if it is one that has registers.
    var denseSketch: VisitorSketch? {
        if case .sketch(let sketch) = self, !sketch.isExact { sketch } else { nil }
    }

    /// Appends the set. Equal sets are equal bytes.
    ///
    /// - Parameter whole: the sketch of a set that this one is a part of, if the reader has it by then.
    func encode(into writer: inout ByteWriter, partOf whole: VisitorSketch? = nil) {
        switch self {
        case .sketch(let sketch) where whole != nil:
            var part = ByteWriter()
            part.u8(Form.part.rawValue)
            if let whole, sketch.encode(partOf: whole, into: &part), part.bytes.count <= sketch.encodedBytes {
                writer.array(part.bytes)
            } else {
                writer.u8(Form.sketch.rawValue)
                sketch.encode(into: &writer)
            }
        case .ordinals(let ordinals):
            writer.u8(Form.ordinals.rawValue)
            Self.encode(ordinals, into: &writer)
        case .complement(let ordinals):
            writer.u8(Form.complement.rawValue)
            Self.encode(ordinals, into: &writer)
        case .sketch(let sketch):
            writer.u8(Form.sketch.rawValue)
            sketch.encode(into: &writer)
        }
    }

    /// Bytes of the set as ``encode(into:partOf:)`` writes it by itself.
    var encodedBytes: Int {
        if case .sketch(let sketch) = self { return 1 + sketch.encodedBytes }
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes.count
    }

    /// Ascending numbers as Rice codes of the gaps between them: within a few hundredths of the best for gaps that fall
    /// as chance has it, which hashes do (Golomb 1966, "Run-length encodings"; Rice 1971).
    private static func encode(_ ordinals: [UInt32], into writer: inout ByteWriter) {
        writer.varint(ordinals.count)
        guard !ordinals.isEmpty else { return }
        var gaps: [UInt32] = []
        gaps.reserveCapacity(ordinals.count)
        var next: UInt32 = 0
        for ordinal in ordinals {
            gaps.append(ordinal - next)
            next = ordinal + 1
        }
        let width = VisitorBitWriter.riceWidth(of: gaps)
        var packed = VisitorBitWriter()
        for gap in gaps { packed.writeRice(gap, width: width) }
        let bytes = packed.finish()
        writer.u8(UInt8(width))
        writer.varint(bytes.count)
        writer.array(bytes)
    }

    /// Reads a set of visitors whose ordinals are below `visitors`.
    ///
    /// - Complexity: O(size); allocates no more than the bytes that are there allow for, or as much as `whole` has.
    init(
        decoding reader: inout ByteReader, visitors: Int, partOf whole: VisitorSketch? = nil
    ) throws(DecodingFault) {
        let tag = try reader.u8()
        guard let form = Form(rawValue: tag) else {
            throw DecodingFault("has a set of visitors of unknown form \(tag)")
        }
        switch form {
        case .ordinals: self = .ordinals(try Self.decode(&reader, below: visitors))
        case .complement: self = .complement(try Self.decode(&reader, below: visitors))
        case .sketch: self = .sketch(try VisitorSketch(decoding: &reader))
        case .part:
            guard let whole else { throw DecodingFault("has a part of a set that is not there") }
            self = .sketch(try VisitorSketch(decoding: &reader, partOf: whole))
        }
    }

    private static func decode(_ reader: inout ByteReader, below limit: Int) throws(DecodingFault) -> [UInt32] {
        let count = try reader.bounded(limit)
        guard count > 0 else { return [] }
        let width = Int(try reader.u8())
        guard width < 16 else { throw DecodingFault("has gaps of \(width) bits") }
        let packed = try reader.slice(try reader.count(ofSize: 1))
        // A gap takes one bit more than its width at the least.
        guard count <= packed.count * 8 / (width + 1) else { throw DecodingFault("declares more than it holds") }
        var bits = VisitorBitReader(packed)
        var ordinals: [UInt32] = []
        ordinals.reserveCapacity(count)
        var next = 0
        for _ in 0..<count {
            guard next < limit, let gap = bits.readRice(width: width, limit: UInt32(clamping: limit - 1 - next)) else {
                throw DecodingFault("holds a visitor out of range")
            }
            next += Int(gap)
            ordinals.append(UInt32(next))
            next += 1
        }
        guard !bits.isPastEnd, bits.unread == 0 else { throw DecodingFault("has a set of another length") }
        return ordinals
    }
}
