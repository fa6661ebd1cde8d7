extension Keys {
    /// `m` rows: the store's own.
    static let metaPrefix = Array("m".utf8)

    /// The first bytes of all keys that have a meaning.
    static let prefixes: Set<UInt8> = Set("mslidgcxweravk".utf8)

    /// Reads the key of a part.
    static func part(_ key: UnsafeRawBufferPointer) -> (site: UInt32, segment: UInt64, part: PartID)? {
        guard key.count == 20, let part = Part(rawValue: key[13]) else { return nil }
        return (
            UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 1, as: UInt32.self)),
            UInt64(bigEndian: key.loadUnaligned(fromByteOffset: 5, as: UInt64.self)),
            PartID(
                part: part, column: UInt16(bigEndian: key.loadUnaligned(fromByteOffset: 14, as: UInt16.self)),
                chunk: UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
        )
    }

    /// What the rows with a prefix are.
    static func kindTitle(of prefix: [UInt8]) -> String {
        switch prefix.first.map({ Character(UnicodeScalar($0)) }) {
        case "m": "rows of the store itself"
        case "s": "site names"
        case "l": "log rows"
        case "i": "rows of ids"
        case "d": "dead letters"
        case "g": "segment headers"
        case "c": "parts of segments"
        case "x": "marks of retired segments"
        case "w": "marks of unfinished segments"
        case "r": "marks of deleted segments"
        case "e": "erasures"
        case "a": "answers"
        case "v": "schemas"
        case "k": "keys"
        default: "rows"
        }
    }

    /// Where a key, or the beginning of one, points: "segment 12 of site shop, codes 3 0".
    static func title(of key: [UInt8], sites: [UInt32: String]) -> String {
        func number<T: FixedWidthInteger>(at offset: Int, _ type: T.Type) -> T {
            // What is missing at the end of a shortened key is zero.
            var value: T = 0
            for index in offset..<(offset + MemoryLayout<T>.size) {
                value = value << 8 | T(index < key.count ? key[index] : 0)
            }
            return value
        }
        func site() -> String {
            let number = number(at: 1, UInt32.self)
            return sites[number] ?? "number \(number)"
        }
        switch key.first.map({ Character(UnicodeScalar($0)) }) {
        case "s": return "the name of site number \(number(at: 1, UInt32.self))"
        case "l": return "log row \(number(at: 5, UInt64.self)) of site \(site())"
        case "i": return "row \(number(at: 1, UInt64.self)) of ids"
        case "k": return "key \(String(number(at: 1, UInt64.self), radix: 16))"
        case "d": return "dead letter \(number(at: 5, UInt64.self)) of site \(site())"
        case "g", "x", "w", "r": return "segment \(number(at: 5, UInt64.self)) of site \(site())"
        case "a": return "answer \(number(at: 1, UInt64.self))"
        case "v": return "schema \(number(at: 5, UInt64.self)) of site \(site())"
        case "e": return "erasure \(number(at: 5, UInt64.self)) of site \(site())"
        case "c":
            let segment = "segment \(number(at: 5, UInt64.self)) of site \(site())"
            guard let part = Part(rawValue: number(at: 13, UInt8.self)), part != .header else { return segment }
            return segment + ", \(part.title), column \(number(at: 14, UInt16.self)), "
                + "chunk \(number(at: 16, UInt32.self))"
        default: return key.withUnsafeBytes { hex($0) }
        }
    }

    /// A key's bytes as hexadecimal digits, shortened if there are many.
    static func hex(_ key: UnsafeRawBufferPointer) -> String {
        let digits = key.prefix(40).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return digits.joined() + (key.count > 40 ? "… (\(key.count) bytes)" : "")
    }
}
