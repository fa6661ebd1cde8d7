import NIOCore
import Queries

/// Server-sent events, as the HTML standard's section 9.2 writes them. JSON from the engine and in problems has no line
/// breaks, so each is one `data` line.
enum LiveMessage {
    /// How long a browser waits before it connects again; sent first.
    static let opening = ByteBuffer(string: "retry: 2000\n\n")
    /// A comment that says the stream is alive.
    static let heartbeat = ByteBuffer(string: ": alive\n\n")

    /// An answer. Its id is that of what it says: a watcher that comes back can tell whether it missed anything.
    static func answer(_ answer: QueryAnswer, id: UInt64) -> ByteBuffer {
        let bytes = answer.bytes
        var buffer = ByteBuffer()
        buffer.reserveCapacity(bytes.count + 64)
        let digits = String(id, radix: 16)
        buffer.writeString("event: message\nid: \(String(repeating: "0", count: 16 - digits.count))\(digits)\ndata: ")
        buffer.writeBytes(bytes)
        buffer.writeString("\n\n")
        return buffer
    }

    /// Why there are no more answers, as a problem document.
    static func failure(_ problem: Problem) -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: error\ndata: ")
        buffer.writeBytes(problem.json)
        buffer.writeString("\n\n")
        return buffer
    }

    /// What an answer says as a number: FNV-1a, 64 bits, of its bytes without `meta`.
    static func id(of content: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in content { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
