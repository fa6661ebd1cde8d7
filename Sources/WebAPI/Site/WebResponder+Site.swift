import HTTPTypes
import Hummingbird
import NIOCore

extension WebResponder {
    /// A year: a file under a version never changes.
    private static let forGood = "public, max-age=31536000, immutable"
    /// An hour: pages of a site need not ask each time, and a new version is there soon.
    private static let anHour = "public, max-age=3600"
    private static let eachTime = "no-cache"

    /// `GET /`: the dashboard.
    func page(_ request: Request) -> Response {
        Self.file(Site.shared.page, request, caching: Self.eachTime)
    }

    /// `GET /weir.js`: the script that sites include, from whatever origin they are.
    func beacon(_ request: Request) -> Response {
        var response = Self.file(Site.shared.beacon, request, caching: Self.anHour)
        response.headers[Self.resourcePolicy] = "cross-origin"
        return response
    }

    /// `GET /assets/{version}/{name}`: a file of the dashboard.
    ///
    /// A page that was loaded before the server was replaced asks for another version: it gets what there is, and is
    /// told not to keep it under that name.
    func asset(_ request: Request, path: String) throws -> Response {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let file = Site.shared.assets[String(parts[1])] else { throw Problem.notFound }
        let isCurrent = parts[0] == Site.shared.version
        return Self.file(file, request, caching: isCurrent ? Self.forGood : Self.eachTime)
    }

    private static func file(_ file: SiteFile, _ request: Request, caching: String) -> Response {
        let gzipped = acceptsGzip(request) ? file.gzipped : nil
        let tag = gzipped == nil ? file.tag : file.gzippedTag
        var headers: HTTPFields = [
            .contentType: file.type, .cacheControl: caching, .eTag: tag, .vary: "Accept-Encoding",
            .contentSecurityPolicy: Site.contentSecurityPolicy, referrerPolicy: "no-referrer",
        ]
        if let known = request.headers[.ifNoneMatch], matches(known, file) {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        if gzipped != nil { headers[.contentEncoding] = "gzip" }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: gzipped ?? file.bytes)))
    }

    /// Whether a browser that names these entity tags has the file, in either form. RFC 9110, section 13.1.2.
    private static func matches(_ header: String, _ file: SiteFile) -> Bool {
        header.split(separator: ",").contains { part in
            let tag = trimmed(part)
            let opaque = tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
            return opaque == "*" || opaque == file.tag[...] || opaque == file.gzippedTag[...]
        }
    }

    /// Whether `Accept-Encoding` names gzip, or anything, and does not refuse it.
    private static func acceptsGzip(_ request: Request) -> Bool {
        guard let header = request.headers[.acceptEncoding] else { return false }
        return header.split(separator: ",").contains { part in
            let pieces = part.split(separator: ";").map(trimmed)
            guard let name = pieces.first?.lowercased(), name == "gzip" || name == "*" else { return false }
            return !pieces.dropFirst().contains {
                $0 == "q=0" || $0.hasPrefix("q=0.0") && !$0.contains { "123456789".contains($0) }
            }
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    private static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy") ?? .cacheControl
    private static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .cacheControl
}
