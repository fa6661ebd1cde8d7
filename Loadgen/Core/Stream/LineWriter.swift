/// Writes one line into a block of bytes that somebody else owns.
///
/// Every write is checked against the block's end; a line that does not fit is a broken invariant of the generator,
/// which sizes its block for the longest line its tables can make.
struct LineWriter {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var count = 0

    /// Creates a writer at the start of the block.
    init?(_ block: UnsafeMutableRawBufferPointer) {
        guard let base = block.baseAddress else { return nil }
        self.base = base
        capacity = block.count
    }

    /// Appends raw bytes.
    @inline(__always)
    mutating func append(_ source: UnsafeRawBufferPointer) {
        precondition(source.count <= capacity - count, "the line outgrew its block")
        guard let from = source.baseAddress else { return }
        (base + count).copyMemory(from: from, byteCount: source.count)
        count += source.count
    }

    /// Appends a literal.
    @inline(__always)
    mutating func append(_ literal: StaticString) {
        append(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends a ready-made piece.
    @inline(__always)
    mutating func append(_ table: FragmentTable, _ index: Int) {
        table.withBytes(index) { append($0) }
    }

    /// Appends one byte.
    @inline(__always)
    mutating func append(byte: UInt8) {
        precondition(count < capacity, "the line outgrew its block")
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends a number in hexadecimal, with leading zeros.
    @inline(__always)
    mutating func append(hex value: UInt64, digits: Int) {
        precondition(digits <= capacity - count, "the line outgrew its block")
        var shift = UInt64(digits &* 4)
        for position in 0..<digits {
            shift &-= 4
            let nibble = UInt8(truncatingIfNeeded: (value >> shift) & 15)
            let digit = nibble < 10 ? nibble &+ 48 : nibble &+ 87
            base.storeBytes(of: digit, toByteOffset: count &+ position, as: UInt8.self)
        }
        count += digits
    }

    /// Appends a number in decimal, with leading zeros up to `digits`.
    @inline(__always)
    mutating func append(decimal value: Int, digits: Int) {
        precondition(digits <= capacity - count, "the line outgrew its block")
        var rest = value
        var position = count + digits
        for _ in 0..<digits {
            position &-= 1
            base.storeBytes(of: UInt8(truncatingIfNeeded: rest % 10) &+ 48, toByteOffset: position, as: UInt8.self)
            rest /= 10
        }
        count += digits
    }

    /// Appends a number in decimal.
    @inline(__always)
    mutating func append(integer value: UInt64) {
        var digits = 1
        var limit: UInt64 = 10
        while digits < 19, value >= limit {
            digits += 1
            limit &*= 10
        }
        append(decimal: Int(truncatingIfNeeded: value & 0x7FFF_FFFF_FFFF_FFFF), digits: digits)
    }

    /// Appends an amount of money in cents as a JSON number with two decimals, such as `-12.05`.
    mutating func append(cents value: Int) {
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        let cents = abs(value)
        let whole = cents / 100
        var digits = 1
        var limit = 10
        while whole >= limit {
            digits += 1
            limit *= 10
        }
        append(decimal: whole, digits: digits)
        append(byte: UInt8(ascii: "."))
        append(decimal: cents % 100, digits: 2)
    }
}
