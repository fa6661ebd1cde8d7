/// Columns of measures (64-bit floating point, NaN for none) as bytes, bit for bit. See `FORMAT.md`, "Measures".
///
/// Most measures are decimals: prices, seconds, counts. Those are held as whole numbers of their smallest unit, if
/// that gives back exactly the same bits; all others as they are.
enum NumberCodec {
    /// How the present values are laid out.
    private enum Form: UInt8 {
        case plain = 0
        case decimal = 1
    }

    private static let powers: [Double] = (0...9).map { exponent in
        (0..<exponent).reduce(1.0) { power, _ in power * 10 }
    }

    static func encode(_ values: ArraySlice<Double>, into writer: inout ByteWriter) {
        let present = values.filter { !$0.isNaN }
        IntegerCodec.encodeLong(values.map { $0.isNaN ? 0 : 1 }, into: &writer)
        guard let (exponent, whole) = decimals(present) else {
            writer.u8(Form.plain.rawValue)
            writer.array(present)
            return
        }
        writer.u8(Form.decimal.rawValue)
        writer.u8(UInt8(exponent))
        let zigzag = whole.map { IntegerCodec.zigzag($0) }
        IntegerCodec.encodeLong(zigzag.map { UInt32(truncatingIfNeeded: $0) }, into: &writer)
        IntegerCodec.encodeLong(zigzag.map { UInt32(truncatingIfNeeded: $0 >> 32) }, into: &writer)
    }

    static func decode(_ reader: inout ByteReader, count: Int) throws(DecodingFault) -> [Double] {
        let marks = try IntegerCodec.decodeLong(&reader, atMost: count, below: 2)
        guard marks.count == count else { throw DecodingFault("has another number of rows") }
        let present = marks.reduce(0) { $0 + Int($1) }
        let tag = try reader.u8()
        guard let form = Form(rawValue: tag) else { throw DecodingFault("has measures of unknown form \(tag)") }
        var numbers: [Double]
        switch form {
        case .plain: numbers = try reader.array(Double.self, count: present)
        case .decimal:
            let exponent = Int(try reader.u8())
            guard exponent < powers.count else { throw DecodingFault("has measures of 10^-\(exponent)") }
            let low = try IntegerCodec.decodeLong(&reader, atMost: present, below: 1 << 32)
            let high = try IntegerCodec.decodeLong(&reader, atMost: present, below: 1 << 32)
            guard low.count == present, high.count == present else {
                throw DecodingFault("has another number of measures")
            }
            numbers = zip(low, high).map { low, high in
                let zigzag = UInt64(high) << 32 | UInt64(low)
                return Double(Int64(bitPattern: zigzag >> 1) ^ (0 - Int64(bitPattern: zigzag & 1))) / powers[exponent]
            }
        }
        if present == count { return numbers }
        var values = [Double](repeating: .nan, count: count)
        var next = 0
        for row in marks.indices where marks[row] != 0 {
            values[row] = numbers[next]
            next += 1
        }
        return values
    }

    /// The smallest power of ten by which all values become whole numbers that give back the same bits.
    private static func decimals(_ values: [Double]) -> (exponent: Int, whole: [Int64])? {
        search: for exponent in powers.indices {
            let power = powers[exponent]
            var whole: [Int64] = []
            whole.reserveCapacity(values.count)
            for value in values {
                let scaled = (value * power).rounded()
                // 2^53: beyond it neighbouring whole numbers are no longer told apart.
                guard abs(scaled) < 9_007_199_254_740_992 else { return nil }
                guard (scaled / power).bitPattern == value.bitPattern else { continue search }
                whole.append(Int64(scaled))
            }
            return (exponent, whole)
        }
        return nil
    }
}
