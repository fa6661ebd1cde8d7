import RocksDB

/// A walk over rows that goes on behind what RocksDB cannot read.
struct TolerantWalk {
    /// A stretch of keys that could not be read.
    struct Gap {
        /// What RocksDB says, its file among it.
        var error: RocksDBError
        /// The last key before it that could be read; `nil` at the beginning.
        var after: [UInt8]?
        /// The first key behind it from which reading goes on; `nil` if nothing behind it can be read.
        var upTo: [UInt8]?
    }

    private let database: Database

    init(_ database: Database) { self.database = database }

    /// Calls `row` for the rows with a prefix, in order, and `gap` for every stretch that cannot be read.
    func rows(
        _ prefix: [UInt8], _ row: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void,
        gap: (Gap) -> Void
    ) {
        var start = prefix
        var last: [UInt8] = []
        while true {
            var iterator = database.iterate(prefix: prefix, from: start, fillCache: false)
            let failure: RocksDBError
            do throws(RocksDBError) {
                while try iterator.next({ (key, value) -> Void in
                    last.removeAll(keepingCapacity: true)
                    last.append(contentsOf: key)
                    row(key, value)
                }) != nil {}
                return
            } catch {
                failure = error
            }
            let after = last.isEmpty ? nil : last
            // Reading fails somewhere behind the last key.
            let next = firstReadable(behind: after.map { $0 + [0] } ?? start, prefix: prefix)
            gap(Gap(error: failure, after: after, upTo: next))
            guard let next else { return }
            start = next
        }
    }

    /// The first key of any row behind `start` or at it, for looking at what lies between known prefixes.
    func firstKey(from start: [UInt8]) -> Result<[UInt8]?, RocksDBError> {
        var iterator = database.iterate(prefix: [], from: start, fillCache: false)
        return Result { () throws(RocksDBError) in try iterator.next { key, _ in [UInt8](key) } }
    }

    /// The lowest key from which the walk can go on, found by looking further and further ahead and then halving.
    private func firstReadable(behind start: [UInt8], prefix: [UInt8]) -> [UInt8]? {
        guard isUnreadable(start, prefix: prefix) else { return start }
        let end = KeyNumber(Keys.end(of: prefix))
        var bad = KeyNumber(start)
        var good: KeyNumber?
        for bit in 0..<KeyNumber.bits {
            guard let ahead = bad.adding(bit: bit), end.isZero || ahead < end else { break }
            if isUnreadable(ahead.key, prefix: prefix) {
                bad = ahead
            } else {
                good = ahead
                break
            }
        }
        guard var good else { return nil }
        while let middle = bad.middle(to: good) {
            if isUnreadable(middle.key, prefix: prefix) { bad = middle } else { good = middle }
        }
        return good.key
    }

    private func isUnreadable(_ key: [UInt8], prefix: [UInt8]) -> Bool {
        var iterator = database.iterate(prefix: prefix, from: key, fillCache: false)
        do throws(RocksDBError) {
            _ = try iterator.next { _, _ in }
            return false
        } catch {
            return true
        }
    }
}

/// A key as a number of 24 bytes, so that one can look in the middle between two keys. Longer keys are cut.
struct KeyNumber: Comparable {
    static let bits = 192
    private static let size = bits / 8

    private var bytes: [UInt8]

    init(_ key: [UInt8]) {
        bytes = Array(key.prefix(Self.size))
        bytes.append(contentsOf: repeatElement(0, count: Self.size - bytes.count))
    }

    var isZero: Bool { bytes.allSatisfy { $0 == 0 } }

    /// The shortest key that stands for the number.
    var key: [UInt8] { Array(bytes.prefix(bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)) }

    static func < (left: KeyNumber, right: KeyNumber) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// The number plus two to the power of `bit`; `nil` if it has no room.
    func adding(bit: Int) -> KeyNumber? {
        var sum = self
        var index = Self.size - 1 - bit / 8
        var carry = 1 << (bit % 8)
        while carry > 0 {
            guard index >= 0 else { return nil }
            let total = Int(sum.bytes[index]) + carry
            sum.bytes[index] = UInt8(truncatingIfNeeded: total)
            carry = total >> 8
            index -= 1
        }
        return sum
    }

    /// The number halfway to a greater one; `nil` if there is none between them.
    func middle(to other: KeyNumber) -> KeyNumber? {
        // The sum of both, with its carry, shifted right by one.
        var sum = [Int](repeating: 0, count: Self.size + 1)
        var carry = 0
        for index in stride(from: Self.size - 1, through: 0, by: -1) {
            let total = Int(bytes[index]) + Int(other.bytes[index]) + carry
            sum[index + 1] = total & 0xff
            carry = total >> 8
        }
        sum[0] = carry
        var half = self
        for index in 0..<Self.size {
            half.bytes[index] = UInt8(truncatingIfNeeded: (sum[index] & 1) << 7 | sum[index + 1] >> 1)
        }
        return half > self && half < other ? half : nil
    }
}
