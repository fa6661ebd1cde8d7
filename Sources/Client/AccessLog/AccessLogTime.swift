/// The time of an access log's line: `17/May/2015:10:05:03 +0000`.
enum AccessLogTime {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Unix milliseconds; `nil` for anything else.
    static func read(_ text: Slice<UnsafeRawBufferPointer>) -> Int64? {
        let bytes = UnsafeRawBufferPointer(rebasing: text)
        guard bytes.count == 26, bytes[2] == UInt8(ascii: "/"), bytes[6] == UInt8(ascii: "/"),
            bytes[20] == 0x20, bytes[21] == UInt8(ascii: "+") || bytes[21] == UInt8(ascii: "-"),
            [11, 14, 17].allSatisfy({ bytes[$0] == UInt8(ascii: ":") }),
            let month = months.firstIndex(of: String(decoding: bytes[3..<6], as: UTF8.self).lowercased())
        else { return nil }
        // As RFC 3339 has it, which is read elsewhere.
        var text: [UInt8] = []
        text.append(contentsOf: bytes[7..<11])
        text.append(contentsOf: (month < 9 ? "-0\(month + 1)-" : "-\(month + 1)-").utf8)
        text.append(contentsOf: bytes[0..<2])
        text.append(UInt8(ascii: "T"))
        text.append(contentsOf: bytes[12..<20])
        text.append(contentsOf: bytes[21..<24])
        text.append(UInt8(ascii: ":"))
        text.append(contentsOf: bytes[24..<26])
        return text.withUnsafeBytes { TimeText.read($0)?.milliseconds }
    }
}
