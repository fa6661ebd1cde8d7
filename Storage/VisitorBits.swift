/// Appends numbers of a few bits each, most significant bit first.
struct VisitorBitWriter {
    private(set) var bytes: [UInt8] = []
    private var pending: UInt64 = 0
    private var count: UInt64 = 0

    /// Appends the low `width` bits of a number that has no others; at most 32.
    @inline(__always)
    mutating func write(_ value: UInt64, width: Int) {
        pending = pending &<< UInt64(width) | value
        count &+= UInt64(width)
        if count >= 32 { flush() }
    }

    /// Four bytes at once: a byte at a time took twice as long as all the rest of a sketch.
    @inline(__always)
    private mutating func flush() {
        count &-= 32
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: pending &>> count).bigEndian) {
            bytes.append(contentsOf: $0)
        }
    }

    /// Makes room for some bytes.
    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    /// Appends a number in Rice's code: its high bits in unary, its low `width` bits as they are.
    @inline(__always)
    mutating func writeRice(_ value: UInt32, width: Int) {
        var high = UInt64(value) >> UInt64(width)
        if high &+ 1 &+ UInt64(width) <= 32 {
            let unary = ((1 as UInt64) &<< high &- 1) &<< 1
            write(
                unary &<< UInt64(width) | UInt64(value) & ((1 &<< UInt64(width)) &- 1), width: Int(high) &+ 1 &+ width)
            return
        }
        while high >= 32 {
            write((1 << 32) - 1, width: 32)
            high -= 32
        }
        write((1 << high) - 1, width: Int(high))
        write(0, width: 1)
        write(UInt64(value) & ((1 << UInt64(width)) - 1), width: width)
    }

    /// The width with which numbers take fewest bits in Rice's code, at most 15; of equals the least.
    ///
    /// - Complexity: O(n): the best width is one of the three around log2 of the mean.
    static func riceWidth(of numbers: [UInt32]) -> Int {
        guard !numbers.isEmpty else { return 0 }
        let mean = numbers.reduce(0) { $0 + UInt64($1) } / UInt64(numbers.count) + 1
        let middle = 63 - mean.leadingZeroBitCount
        func bits(_ width: Int) -> UInt64 {
            numbers.reduce(0) { $0 + UInt64($1 >> UInt32(width)) + UInt64(width + 1) }
        }
        let widths = [middle - 1, middle, middle + 1].map { min(max($0, 0), 15) }
        return widths.min { bits($0) < bits($1) } ?? 0
    }

    /// Fills the last byte with zeros.
    mutating func finish() -> [UInt8] {
        while count > 0 {
            let width = min(8, count)
            bytes.append(UInt8(truncatingIfNeeded: (pending &>> (count &- width)) &<< (8 &- width)))
            count &-= width
        }
        return bytes
    }
}

/// Reads what ``VisitorBitWriter`` wrote; behind the end there are zeros, and ``isPastEnd`` says so.
struct VisitorBitReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var pending: UInt64 = 0
    /// Bits in ``pending``.
    private var count = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Whether more was taken than there was.
    var isPastEnd: Bool { position - count / 8 > bytes.count }

    /// Bytes that were not begun.
    var unread: Int { max(0, bytes.count - (position - count / 8)) }

    /// The next `width` bits, at most 32, without taking them.
    @inline(__always)
    mutating func peek(_ width: Int) -> UInt64 {
        while count < width {
            pending = pending &<< 8 | UInt64(position < bytes.count ? bytes[position] : 0)
            position &+= 1
            count &+= 8
        }
        return pending &>> UInt64(count &- width) & ((1 &<< UInt64(width)) &- 1)
    }

    /// Takes bits that were looked at.
    @inline(__always)
    mutating func skip(_ width: Int) { count &-= width }

    /// Takes the next `width` bits, at most 32.
    @inline(__always)
    mutating func read(_ width: Int) -> UInt64 {
        let value = peek(width)
        skip(width)
        return value
    }

    /// Takes a number in Rice's code; at most `limit`, or `nil`.
    mutating func readRice(width: Int, limit: UInt32) -> UInt32? {
        var high: UInt64 = 0
        while read(1) == 1 {
            high += 1
            if high << UInt64(width) > UInt64(limit) { return nil }
        }
        let value = high << UInt64(width) | read(width)
        return value <= UInt64(limit) ? UInt32(value) : nil
    }
}
