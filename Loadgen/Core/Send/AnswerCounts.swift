/// What a server says it did with a body's events.
package struct AnswerCounts: Sendable, Equatable {
    package var accepted: Int
    package var duplicate: Int
    package var rejected: Int

    package init(accepted: Int, duplicate: Int, rejected: Int) {
        self.accepted = accepted
        self.duplicate = duplicate
        self.rejected = rejected
    }

    /// Reads the counts from `{"accepted": …, "duplicate": …, "rejected": …, …}`; nil unless all three are there.
    ///
    /// A quote within a JSON string is escaped, so a key in quotes cannot be found inside of an error's text.
    package init?(_ bytes: [UInt8]) {
        guard let accepted = Self.number(after: "\"accepted\"", in: bytes),
            let duplicate = Self.number(after: "\"duplicate\"", in: bytes),
            let rejected = Self.number(after: "\"rejected\"", in: bytes)
        else { return nil }
        self.accepted = accepted
        self.duplicate = duplicate
        self.rejected = rejected
    }

    private static func number(after key: StaticString, in bytes: [UInt8]) -> Int? {
        let length = key.utf8CodeUnitCount
        guard bytes.count > length else { return nil }
        for start in 0..<bytes.count - length where bytes[start] == UInt8(ascii: "\"") {
            let matches = (0..<length).allSatisfy { bytes[start + $0] == key.utf8Start[$0] }
            guard matches else { continue }
            var position = start + length
            while position < bytes.count, [32, 9, 10, 13, UInt8(ascii: ":")].contains(bytes[position]) { position += 1 }
            var number = 0
            var digits = 0
            while position < bytes.count, (48...57).contains(bytes[position]), digits < 18 {
                number = number * 10 + Int(bytes[position] - 48)
                digits += 1
                position += 1
            }
            return digits > 0 ? number : nil
        }
        return nil
    }
}
