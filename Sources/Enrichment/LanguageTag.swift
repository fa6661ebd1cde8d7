/// Language tags in the spelling of BCP 47: `de`, `de-DE`, `zh-Hant-TW`.
package enum LanguageTag {
    /// Bytes of a tag; RFC 5646 asks for room for 35.
    private static let maxBytes = 35

    /// The usual spelling of a tag; `nil` where it is spelled so, and for a text that is no tag.
    ///
    /// Of a list, as `Accept-Language` has it, the first.
    package static func normalized(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        if isUsual(bytes) { return nil }
        var text = bytes[...]
        if let end = text.firstIndex(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }) {
            text = text[..<end]
        }
        while let first = text.first, first == 0x20 { text = text.dropFirst() }
        while let last = text.last, last == 0x20 { text = text.dropLast() }
        guard let spelled = spelled(text), !spelled.elementsEqual(bytes) else { return nil }
        return spelled
    }

    /// The tag that an `Accept-Language` prefers, spelled as usual; `nil` where it names none.
    package static func first(accepted header: [UInt8]) -> [UInt8]? {
        var best: (tag: [UInt8], weight: Int)?
        for part in header.prefix(1024).split(separator: UInt8(ascii: ",")) {
            var pieces = part.split(separator: UInt8(ascii: ";")).map { $0.filter { $0 != 0x20 && $0 != 0x09 } }
            guard !pieces.isEmpty, let tag = spelled(pieces.removeFirst()[...]) else { continue }
            let quality = pieces.first { $0.starts(with: "q=".utf8) }
            let weight = quality.map { thousandths($0.dropFirst(2)) } ?? 1000
            if weight > best?.weight ?? 0 { best = (tag, weight) }
        }
        return best?.tag
    }

    /// A weight of RFC 9110, 0 to 1 with three digits behind the point.
    private static func thousandths(_ text: ArraySlice<UInt8>) -> Int {
        if text.first == UInt8(ascii: "1") { return 1000 }
        guard text.first == UInt8(ascii: "0") else { return 0 }
        var weight = 0
        var unit = 100
        for digit in text.dropFirst(2).prefix(3) {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return 0 }
            weight += Int(digit - UInt8(ascii: "0")) * unit
            unit /= 10
        }
        return weight
    }

    /// Whether it is `xx` or `xx-XX`, which most are.
    private static func isUsual(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == 2 || bytes.count == 5 && bytes[2] == UInt8(ascii: "-") else { return false }
        func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
        func isUpper(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
        guard isLower(bytes[0]), isLower(bytes[1]) else { return false }
        return bytes.count == 2 || isUpper(bytes[3]) && isUpper(bytes[4])
    }

    /// The tag in its usual spelling, by RFC 5646, 2.1.1: language in lower case, script capitalised, region in upper
    /// case, all behind a single letter in lower case. `nil` for what is no tag.
    private static func spelled(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard !text.isEmpty, text.count <= maxBytes else { return nil }
        let parts = text.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        var spelled: [UInt8] = []
        var isExtension = false
        for (index, part) in parts.enumerated() {
            guard (1...8).contains(part.count), part.allSatisfy({ letterOrDigit($0) }) else { return nil }
            if index == 0 {
                guard (2...3).contains(part.count), part.allSatisfy({ isLetter($0) }) else { return nil }
            } else {
                spelled.append(UInt8(ascii: "-"))
            }
            let isRegion = index > 0 && part.count == 2 && !isExtension
            let isScript = index > 0 && part.count == 4 && !isExtension && part.allSatisfy { isLetter($0) }
            for (position, byte) in part.enumerated() {
                let isUpper = isRegion || isScript && position == 0
                spelled.append(isLetter(byte) ? (isUpper ? byte & 0xDF : byte | 0x20) : byte)
            }
            if part.count == 1 { isExtension = true }
        }
        return spelled
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func letterOrDigit(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
