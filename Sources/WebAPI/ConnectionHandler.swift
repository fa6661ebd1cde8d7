import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Looks after what the framework leaves to the connection: `Expect: 100-continue`, answers to what is no HTTP, and
/// whether the client is still there.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Tells others when the client goes.
    let presence = ClientPresence()
    private var requestsInProgress = 0
    private var isBroken = false
    /// Watches the time that heads take.
    private var handed: HandedChannel?

    func handlerAdded(context: ChannelHandlerContext) {
        handed = try? context.pipeline.syncOperations.handler(type: HandedChannel.self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        handed = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .end = part { handed?.requestEnded() }
        if case .head(let head) = part {
            handed?.headCame()
            requestsInProgress += 1
            if requestsInProgress == 1, Self.shouldContinue(head) {
                let answer = HTTPResponse(status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(answer)), promise: nil)
            }
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        presence.leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { presence.leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            requestsInProgress -= 1
        }
        context.write(data, promise: promise)
    }

    /// Answers bytes that are no HTTP request with a problem document, unless a request before them is still waiting
    /// for its own answer; then the error goes on its way, and the body it cut short is not taken for a whole one.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, requestsInProgress == 0 else {
            context.fireErrorCaught(error)
            return
        }
        guard !isBroken else { return }
        isBroken = true
        let isTooLarge = error as? HTTPParserError == .headerOverflow
        let problem =
            isTooLarge
            ? Problem(
                431, code: "header_too_large", title: "The head of the request is too large",
                detail: "The request line and the header fields have at most \(WebLimits.headerListBytes) bytes, and "
                    + "there are at most \(WebLimits.headerFields) fields.")
            : Problem(
                400, code: "malformed_request", title: "This is not an HTTP request",
                detail: "The request line, a header field or the framing of the body cannot be read.")
        let json = problem.json
        let head = HTTPResponse(
            status: HTTPResponse.Status(code: problem.status),
            headerFields: [
                .contentType: "application/problem+json", .contentLength: String(json.count), .connection: "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: json))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        written.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    /// Whether the client waits for leave to send its body, and the body may come.
    private static func shouldContinue(_ head: HTTPRequest) -> Bool {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return false }
        let announced = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
        return announced <= WebLimits.eventBodyBytes
    }
}
