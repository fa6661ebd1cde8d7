import Compression
import NIOCore

/// One file that the server serves to browsers: its bytes, also compressed, and its entity tag.
package struct SiteFile: Sendable {
    /// The name without a folder: `main.js`.
    package let name: String
    package let bytes: [UInt8]
    /// The same as gzip; `nil` where that is not shorter.
    package let gzipped: [UInt8]?
    /// A strong entity tag of the bytes, with its quotation marks.
    let tag: String
    /// The entity tag of the compressed form, which is another representation.
    let gzippedTag: String

    /// - Complexity: compresses all bytes; done once for each file.
    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        // What cannot be compressed is served as it is.
        let shorter = try? compress(bytes, encoding: .gzip, level: 9)
        self.gzipped = shorter.flatMap { $0.count < bytes.count ? $0 : nil }
        let hash = Self.hash(bytes)
        self.tag = "\"\(hash)\""
        self.gzippedTag = "\"\(hash)-gzip\""
    }

    /// The media type, by the name's ending.
    package var type: String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }

    /// FNV-1a of 64 bits as 16 digits: enough to tell versions of our own files apart.
    static func hash(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
