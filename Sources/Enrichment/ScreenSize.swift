/// Screen sizes as `1920x1080`.
package enum ScreenSize {
    /// The usual spelling of a size; `nil` where it is spelled so, and for a text that is no size.
    ///
    /// Between the numbers stands an `x`, `X`, `*` or `×`, with or without spaces.
    package static func normalized(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.count <= 32 else { return nil }
        var rest = bytes[...]
        skipSpace(&rest)
        guard let width = number(&rest) else { return nil }
        skipSpace(&rest)
        if rest.starts(with: "×".utf8) {
            rest = rest.dropFirst(2)
        } else {
            guard let sign = rest.first, sign | 0x20 == UInt8(ascii: "x") || sign == UInt8(ascii: "*") else {
                return nil
            }
            rest = rest.dropFirst()
        }
        skipSpace(&rest)
        guard let height = number(&rest) else { return nil }
        skipSpace(&rest)
        guard rest.isEmpty else { return nil }
        let spelled = width + [UInt8(ascii: "x")] + height
        return spelled.elementsEqual(bytes) ? nil : spelled
    }

    private static func skipSpace(_ rest: inout Slice<UnsafeRawBufferPointer>) {
        while rest.first == 0x20 { rest = rest.dropFirst() }
    }

    /// One to five digits.
    private static func number(_ rest: inout Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
        let digits = Array(rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        guard (1...5).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits
    }
}
