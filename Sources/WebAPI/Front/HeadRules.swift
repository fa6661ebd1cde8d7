import NIOCore
import NIOHTTP1

/// Checks what the HTTP library does not: that a request of HTTP/1.1 names one host, and that its target is not too long.
///
/// A head that breaks a rule becomes one that ``WebResponder`` refuses, so that the refusal keeps its place among the
/// answers to requests that came before on the connection.
final class HeadRules: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    /// The field that names the broken rule. Clients cannot set it.
    static let field = "weir-broken-rule"

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if head.headers.contains(name: Self.field) { head.headers.remove(name: Self.field) }
        if let rule = Self.brokenRule(head) {
            head.headers.add(name: Self.field, value: rule)
            if head.uri.utf8.count > WebLimits.targetBytes { head.uri = "/" }
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private static func brokenRule(_ head: HTTPRequestHead) -> String? {
        if head.uri.utf8.count > WebLimits.targetBytes { return "target" }
        let hosts = head.headers["host"]
        if head.version != .http1_0, hosts.count != 1 || hosts[0].isEmpty { return "host" }
        return hosts.count > 1 ? "host" : nil
    }

    /// The refusal of a broken rule.
    static func problem(_ rule: String) -> Problem {
        if rule == "target" {
            return Problem(
                414, code: "uri_too_long", title: "The URL is too long",
                detail: "A URL has at most \(WebLimits.targetBytes) bytes; send what does not fit in a body.",
                closesConnection: true)
        }
        return Problem(
            400, code: "malformed_request", title: "This is not an HTTP request",
            detail: "A request of HTTP/1.1 has exactly one Host field.", closesConnection: true)
    }
}
