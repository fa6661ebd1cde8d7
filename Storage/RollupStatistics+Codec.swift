/// Sums and extremes as columns of bytes. See `FORMAT.md`, "Roll-up".
///
/// Most numbers are money or seconds, decimals of few places: they are written as whole multiples of the largest power
/// of ten that all of a column are multiples of.
extension RollupBlock.Statistics {
    private static let raw: UInt8 = 0
    private static let decimal: UInt8 = 1

    /// Appends the statistics of cells with an event with a value; their counts are written by the caller.
    static func encode(_ cells: [Self], into writer: inout ByteWriter) {
        guard !cells.isEmpty else { return }
        let millionths = cells.compactMap { Int64(exactly: $0.sum.millionths) }
        if millionths.count == cells.count {
            writer.u8(decimal)
            encode(millionths, into: &writer)
        } else {
            writer.u8(raw)
            for cell in cells {
                writer.fixed(UInt64(truncatingIfNeeded: cell.sum.millionths))
                writer.fixed(Int64(truncatingIfNeeded: cell.sum.millionths >> 64))
            }
        }
        // What doubles hold and millionths do not: almost always nothing.
        writer.integers(cells.map { UInt32(clamping: $0.sum.partials.count) })
        for cell in cells { for partial in cell.sum.partials { writer.f64(partial) } }
        // The extremes of one number are that number.
        let elided = cells.allSatisfy { $0.count > 1 || $0.isOneNumber }
        let rest = elided ? cells.filter { $0.count > 1 } : cells
        writer.u8(elided ? 1 : 0)
        encode(rest.map(\.minimum), into: &writer)
        encode(rest.map(\.maximum), into: &writer)
    }

    /// Reads the statistics of cells with these counts, none of them 0.
    static func decode(_ counts: [UInt32], _ reader: inout ByteReader) throws(DecodingFault) -> [Self] {
        guard !counts.isEmpty else { return [] }
        var sums: [Int128] = []
        switch try reader.u8() {
        case decimal: sums = try decodeIntegers(&reader, count: counts.count).map { Int128($0) }
        case raw:
            guard counts.count <= reader.remaining / 16 else { throw DecodingFault("declares more than it holds") }
            for _ in counts { sums.append(try reader.millionths()) }
        case let form: throw DecodingFault("has sums of the unknown form \(form)")
        }
        var cells: [Self] = []
        cells.reserveCapacity(counts.count)
        let partials = try reader.integers(count: counts.count, below: 1 << 16)
        for (cell, count) in partials.enumerated() {
            var rest: [Double] = []
            for _ in 0..<count { rest.append(try reader.f64()) }
            cells.append(Self(count: counts[cell], sum: ExactSum(millionths: sums[cell], partials: rest)))
        }
        let elided = try reader.u8() != 0
        let others = cells.indices.filter { !elided || cells[$0].count > 1 }
        let minima = try decodeDoubles(&reader, count: others.count)
        let maxima = try decodeDoubles(&reader, count: others.count)
        if elided {
            for cell in cells.indices {
                cells[cell].minimum = cells[cell].sum.value
                cells[cell].maximum = cells[cell].minimum
            }
        }
        for (position, cell) in others.enumerated() {
            cells[cell].minimum = minima[position]
            cells[cell].maximum = maxima[position]
        }
        return cells
    }

    /// Whether both extremes are what the sum says, bit by bit: not so for -0.
    private var isOneNumber: Bool {
        let bits = sum.value.bitPattern
        return bits == minimum.bitPattern && bits == maximum.bitPattern
    }

    // MARK: Columns

    private static func encode(_ values: [Double], into writer: inout ByteWriter) {
        guard !values.isEmpty else { return }
        let decimals = values.compactMap(millionths)
        if decimals.count == values.count {
            writer.u8(decimal)
            encode(decimals, into: &writer)
        } else {
            writer.u8(raw)
            for value in values { writer.f64(value) }
        }
    }

    private static func decodeDoubles(_ reader: inout ByteReader, count: Int) throws(DecodingFault) -> [Double] {
        guard count > 0 else { return [] }
        switch try reader.u8() {
        case decimal: return try decodeIntegers(&reader, count: count).map { Double($0) / 1_000_000 }
        case raw: return try reader.array(Double.self, count: count)
        case let form: throw DecodingFault("has numbers of the unknown form \(form)")
        }
    }

    /// A double as whole millionths, if those give back the very same bits.
    private static func millionths(_ value: Double) -> Int64? {
        guard let whole = Int64(exactly: (value * 1_000_000).rounded()) else { return nil }
        return (Double(whole) / 1_000_000).bitPattern == value.bitPattern ? whole : nil
    }

    /// Whole numbers: the power of ten that divides all of them, then what is left as two halves of 32 bits.
    private static func encode(_ values: [Int64], into writer: inout ByteWriter) {
        var unit: Int64 = 1
        var exponent: UInt8 = 0
        while exponent < 18, values.allSatisfy({ $0 % (unit * 10) == 0 }), values.contains(where: { $0 != 0 }) {
            unit *= 10
            exponent += 1
        }
        writer.u8(exponent)
        let coded = values.map { IntegerCodec.zigzag($0 / unit) }
        writer.integers(coded.map { UInt32(truncatingIfNeeded: $0) })
        writer.integers(coded.map { UInt32(truncatingIfNeeded: $0 >> 32) })
    }

    private static func decodeIntegers(_ reader: inout ByteReader, count: Int) throws(DecodingFault) -> [Int64] {
        let exponent = try reader.u8()
        guard exponent <= 18 else { throw DecodingFault("has numbers of the unknown unit \(exponent)") }
        let unit = (0..<exponent).reduce(1 as Int64) { product, _ in product * 10 }
        let low = try reader.integers(count: count, below: 1 << 32)
        let high = try reader.integers(count: count, below: 1 << 32)
        var values: [Int64] = []
        values.reserveCapacity(count)
        for index in 0..<count {
            let coded = UInt64(high[index]) << 32 | UInt64(low[index])
            let whole = Int64(bitPattern: coded >> 1) ^ -Int64(bitPattern: coded & 1)
            let (value, overflow) = whole.multipliedReportingOverflow(by: unit)
            guard !overflow else { throw DecodingFault("holds a number out of range") }
            values.append(value)
        }
        return values
    }
}
