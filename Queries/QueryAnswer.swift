/// The answer to a query, as JSON.
public struct QueryAnswer: Sendable {
    /// The answer without `meta`: an object. Two answers that say the same are the same bytes.
    public let content: [UInt8]
    /// The value of `meta`: how the answer came about.
    public let meta: [UInt8]

    /// The answer as one object, `meta` last.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count + meta.count + 9)
        bytes.append(contentsOf: content.dropLast())
        if content.count > 2 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: "\"meta\":".utf8)
        bytes.append(contentsOf: meta)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
