import Crypto

/// Makes visitors of addresses and user agents, so that neither can be read from them.
///
/// HMAC-SHA-256 under a key: with the key of a single run, drawn at random and never stored, nobody can find the address
/// again. Whoever has a salt of their own can test addresses against visitors, and is told so in the help.
struct VisitorKey: Sendable {
    private let key: SymmetricKey

    /// - Parameter salt: gives the same visitors in every import; `nil` for a random key.
    init(salt: String?) {
        key = salt.map { SymmetricKey(data: Array($0.utf8)) } ?? SymmetricKey(size: .bits256)
    }

    /// The visitor: `log-` and 128 bits in hexadecimal.
    func visitor(address: String, userAgent: String?) -> String {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array(address.utf8))
        code.update(data: [0])
        code.update(data: Array((userAgent ?? "").utf8))
        var text = "log-"
        for byte in code.finalize().prefix(16) {
            text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
        }
        return text
    }
}
