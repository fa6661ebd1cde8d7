import Events
import Glibc
import Storage

/// One comparison, ready to be applied to the distinct values of a column, on one thread.
struct ScalarTest {
    private let test: Filter.Test
    private let hashes: Set<UInt64>
    private let texts: [[UInt8]]
    private let numbers: [Double]
    private let patterns: [PatternMatcher]

    init(_ test: Filter.Test, hash: EventHash) {
        self.test = test
        hashes = Set(test.values.map { hash($0) })
        texts = test.values.map { Array($0.utf8) }
        numbers = test.decisiveNumbers
        patterns = test.patterns.map { $0.matcher() }
    }

    /// Whether a single value (not a list) passes; code 0 is the missing value.
    func holds(_ table: ValueTable, _ code: Int) -> Bool {
        if code == 0 {
            return switch test.op {
            case .is: test.includesNull
            case .isNot: !test.includesNull
            case .exists: !test.expectsValue
            default: false
            }
        }
        switch test.op {
        case .is: return hashes.contains(table.hashes[code])
        case .isNot: return !hashes.contains(table.hashes[code])
        case .exists: return test.expectsValue
        case .contains: return table.withBytes(of: code) { value in texts.contains { value.contains($0) } }
        case .startsWith: return table.withBytes(of: code) { value in texts.contains { value.starts(with: $0) } }
        case .endsWith:
            return table.withBytes(of: code) { value in texts.contains { value.suffix($0.count).elementsEqual($0) } }
        case .matches: return table.withBytes(of: code) { value in patterns.contains { $0.matches(value) } }
        case .greater, .greaterOrEqual, .less, .lessOrEqual:
            guard let number = NumberText.parse(table.text(of: code) ?? "") else { return false }
            return numbers.contains { CompiledFilter.holds(number, test.op, $0) }
        }
    }
}

extension Filter.Test {
    /// The one of its numbers that decides: what is above any of them is above the least.
    var decisiveNumbers: [Double] {
        switch op {
        case .greater, .greaterOrEqual: numbers.min().map { [$0] } ?? []
        case .less, .lessOrEqual: numbers.max().map { [$0] } ?? []
        default: numbers
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `needle` occurs somewhere in these bytes.
    fileprivate func contains(_ needle: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        guard let baseAddress, needle.count <= count else { return false }
        // One call finds the places where it may begin.
        var place = 0
        let last = count - needle.count
        return needle.withUnsafeBytes { needle in
            guard let text = needle.baseAddress else { return true }
            while place <= last, let found = memchr(baseAddress + place, CInt(first), last - place + 1) {
                if memcmp(found, text, needle.count) == 0 { return true }
                place = UnsafeRawPointer(found) - baseAddress + 1
            }
            return false
        }
    }
}
