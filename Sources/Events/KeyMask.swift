/// Takes the secrets of keys out of bytes that are kept for people to look at.
enum KeyMask {
    /// What a key begins with, and how many bytes its id and its secret have.
    private static let start = Array("weir_".utf8)
    private static let idBytes = 12
    private static let secretBytes = 40

    /// A copy with the secret of everything that is like a key blotted out; the id stays, so that its owner can be told.
    ///
    /// - Complexity: O(bytes).
    static func masked(_ bytes: UnsafeRawBufferPointer.SubSequence) -> [UInt8] {
        var copy = Array(bytes)
        var index = 0
        while let found = next(in: copy, from: index) {
            let secret = found + start.count + idBytes + 1
            let end = min(secret + secretBytes, copy.count)
            for position in secret..<max(end, secret) where isWordByte(copy[position]) {
                copy[position] = UInt8(ascii: "*")
            }
            index = found + start.count
        }
        return copy
    }

    /// The next place where a key's start, an id's length and an underscore stand.
    private static func next(in bytes: [UInt8], from index: Int) -> Int? {
        let last = bytes.count - start.count - idBytes - 1
        guard index <= last else { return nil }
        return (index...last).first { place in
            bytes[place] == start[0] && bytes[place + start.count + idBytes] == UInt8(ascii: "_")
                && bytes[place..<place + start.count].elementsEqual(start)
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte)
    }
}
