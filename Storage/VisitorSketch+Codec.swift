/// Sketches as bytes. See `FORMAT.md`, "Visitor sketch".
///
/// Of n hashes in m registers a rank is at most k with the probability exp(−n/(m·2^k)): whatever n is, ranks are spread
/// in the same way around log2(n/m). So one fixed prefix code of "rank − centre" serves all sketches; it is Huffman's
/// for that distribution, averaged over n, and takes 2.9 bits a register where the entropy is 2.83 and plain fields
/// would take six.
extension VisitorSketch {
    private static let sparse: UInt8 = 0
    private static let dense: UInt8 = 1

    /// The code's lowest symbol, the distance to the centre that its first length belongs to.
    private static let lowest = -2
    /// Lengths in bits of the codes of the distances −2…10, and of the escape before six bits of any rank.
    private static let lengths = [7, 4, 3, 2, 2, 3, 4, 4, 5, 7, 7, 8, 9, 9]
    private static let escape = lengths.count - 1
    private static let longest = 9
    private static let rankBits = 6

    /// The code of each symbol, canonical: by length, then by symbol.
    private static let codes: [UInt64] = {
        var codes = [UInt64](repeating: 0, count: lengths.count)
        var next: UInt64 = 0
        for length in 1...longest {
            for symbol in lengths.indices where lengths[symbol] == length {
                codes[symbol] = next
                next += 1
            }
            next <<= 1
        }
        return codes
    }()

    /// The symbol that each possible sequence of nine bits begins with.
    private static let symbols: [UInt8] = {
        var symbols = [UInt8](repeating: 0, count: 1 << longest)
        for symbol in lengths.indices {
            let free = longest - lengths[symbol]
            let first = Int(codes[symbol]) << free
            for index in first..<(first + 1 << free) { symbols[index] = UInt8(symbol) }
        }
        return symbols
    }()

    /// Appends the sketch. Equal sketches are equal bytes.
    ///
    /// - Complexity: O(m).
    package func encode(into writer: inout ByteWriter) {
        writer.u8(UInt8(precision))
        guard !isExact else {
            writer.u8(Self.sparse)
            writer.varint(hashes.count)
            writer.array(hashes)
            return
        }
        writer.u8(Self.dense)
        let (centre, bits) = bestCentre()
        writer.u8(UInt8(centre))
        // The code of each rank, with its length: the escape's with the rank behind it.
        let table = (0..<(1 << Self.rankBits)).map { rank -> (code: UInt64, width: Int) in
            let symbol = Self.symbol(rank, centre: centre)
            guard symbol == Self.escape else { return (Self.codes[symbol], Self.lengths[symbol]) }
            return (
                Self.codes[symbol] << UInt64(Self.rankBits) | UInt64(rank), Self.lengths[symbol] + Self.rankBits
            )
        }
        var packed = VisitorBitWriter()
        packed.reserve(bits / 8 + 8)
        table.withUnsafeBufferPointer { table in
            for rank in registers {
                let entry = table[Int(rank & 63)]
                packed.write(entry.code, width: entry.width)
            }
        }
        let bytes = packed.finish()
        writer.varint(bytes.count)
        writer.array(bytes)
    }

    /// Bytes of the sketch as ``encode(into:)`` writes it.
    ///
    /// - Complexity: O(m), a fraction of what encoding takes.
    package var encodedBytes: Int {
        var writer = ByteWriter()
        guard !isExact else {
            writer.varint(hashes.count)
            return 2 + writer.bytes.count + hashes.count * 8
        }
        let bytes = (bestCentre().bits + 7) / 8
        writer.varint(bytes)
        return 3 + writer.bytes.count + bytes
    }

    private static func symbol(_ rank: Int, centre: Int) -> Int {
        let symbol = rank - centre - lowest
        return (0..<escape).contains(symbol) ? symbol : escape
    }

    /// The centre that makes the shortest code, of equals the lowest, and the bits that it takes.
    private func bestCentre() -> (centre: Int, bits: Int) {
        var counts = [Int](repeating: 0, count: 1 << 8)
        counts.withUnsafeMutableBufferPointer { counts in
            for rank in registers { counts[Int(rank)] &+= 1 }
        }
        let present = counts.indices.filter { counts[$0] > 0 }
        guard let least = present.first, let greatest = present.last else { return (0, 0) }
        var best = (centre: 0, bits: Int.max)
        // With any other centre all ranks would be escapes.
        for centre in max(0, least - Self.escape - Self.lowest)...min((1 << Self.rankBits) - 1, greatest - Self.lowest)
        {
            var bits = 0
            for rank in present {
                let symbol = Self.symbol(rank, centre: centre)
                bits += counts[rank] * (Self.lengths[symbol] + (symbol == Self.escape ? Self.rankBits : 0))
            }
            if bits < best.bits { best = (centre, bits) }
        }
        return best
    }

    /// Reads a sketch.
    ///
    /// - Complexity: O(m); allocates no more than the bytes that are there allow for.
    package init(decoding reader: inout ByteReader) throws(DecodingFault) {
        let precision = Int(try reader.u8())
        guard Self.precisions.contains(precision) else {
            throw DecodingFault("has a sketch of the unknown precision \(precision)")
        }
        switch try reader.u8() {
        case Self.sparse:
            let count = try reader.count(ofSize: 8)
            guard count <= Self.exactLimit(precision: precision) else {
                throw DecodingFault("has a sketch of too many hashes")
            }
            let hashes = try reader.array(UInt64.self, count: count)
            for index in hashes.indices.dropFirst() where hashes[index - 1] >= hashes[index] {
                throw DecodingFault("has a sketch out of order")
            }
            self.init(precision: precision, hashes: hashes)
        case Self.dense:
            let centre = Int(try reader.u8())
            let packed = try reader.slice(try reader.count(ofSize: 1))
            self.init(precision: precision, registers: try Self.registers(packed, precision, centre: centre))
        case let kind: throw DecodingFault("has a sketch of the unknown kind \(kind)")
        }
    }

    private static func registers(
        _ packed: UnsafeRawBufferPointer, _ precision: Int, centre: Int
    ) throws(DecodingFault) -> [UInt8] {
        let count = 1 << precision
        // No code is shorter than two bits.
        guard packed.count >= count / 4 else { throw DecodingFault("has a sketch that ends early") }
        let highest = maximumRank(precision: precision)
        var registers = [UInt8](repeating: 0, count: count)
        var bits = VisitorBitReader(packed)
        for index in 0..<count {
            let symbol = Int(symbols[Int(bits.peek(longest))])
            bits.skip(lengths[symbol])
            let rank = symbol == escape ? Int(bits.read(rankBits)) : symbol + lowest + centre
            guard (0...highest).contains(rank) else { throw DecodingFault("has a sketch with a rank of \(rank)") }
            registers[index] = UInt8(rank)
        }
        guard !bits.isPastEnd, bits.unread == 0 else { throw DecodingFault("has a sketch of another length") }
        return registers
    }
}

/// Sketches of a part of what another one has seen, of one event name's visitors among those of all: registers that
/// agree are not written. Where most do, as with the country of page views, little is left to write.
extension VisitorSketch {
    /// Appends how this sketch differs from that of a larger set.
    ///
    /// - Returns: `false`, with nothing appended, if it is not one of a part of that set's visitors, or either is
    ///   exact.
    func encode(partOf whole: VisitorSketch, into writer: inout ByteWriter) -> Bool {
        guard precision == whole.precision, !isExact, !whole.isExact else { return false }
        var gaps: [UInt32] = []
        var drops: [UInt32] = []
        var next = 0
        for (index, rank) in registers.enumerated() where rank != whole.registers[index] {
            guard rank < whole.registers[index] else { return false }
            gaps.append(UInt32(index - next))
            drops.append(UInt32(whole.registers[index] - rank - 1))
            next = index + 1
        }
        let (gapWidth, dropWidth) = (VisitorBitWriter.riceWidth(of: gaps), VisitorBitWriter.riceWidth(of: drops))
        var bits = VisitorBitWriter()
        for (gap, drop) in zip(gaps, drops) {
            bits.writeRice(gap, width: gapWidth)
            bits.writeRice(drop, width: dropWidth)
        }
        let packed = bits.finish()
        writer.varint(gaps.count)
        writer.u8(UInt8(gapWidth << 4 | dropWidth))
        writer.varint(packed.count)
        writer.array(packed)
        return true
    }

    /// Reads a sketch that was written as a part of another.
    init(decoding reader: inout ByteReader, partOf whole: VisitorSketch) throws(DecodingFault) {
        guard !whole.isExact else { throw DecodingFault("has a part of a set that is no sketch") }
        let count = try reader.bounded(whole.registers.count)
        let widths = Int(try reader.u8())
        let packed = try reader.slice(try reader.count(ofSize: 1))
        var registers = whole.registers
        var bits = VisitorBitReader(packed)
        var next = 0
        for _ in 0..<count {
            guard next < registers.count,
                let gap = bits.readRice(width: widths >> 4, limit: UInt32(registers.count - 1 - next))
            else { throw DecodingFault("has a sketch with too many registers") }
            let index = next + Int(gap)
            guard registers[index] > 0,
                let drop = bits.readRice(width: widths & 15, limit: UInt32(registers[index]) - 1)
            else { throw DecodingFault("has a sketch that is not part of another") }
            registers[index] -= UInt8(drop) + 1
            next = index + 1
        }
        guard !bits.isPastEnd, bits.unread == 0 else { throw DecodingFault("has a sketch of another length") }
        self.init(precision: whole.precision, registers: registers)
    }
}
