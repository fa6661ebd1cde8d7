import NIOCore

/// Begins a connection that the front has handed over: gives the HTTP library what has been read of it already, and
/// bounds the time in which a head must have come, however steadily it drips.
final class HandedChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var bytes: ByteBuffer?
    private var timeout: Scheduled<Void>?
    /// Whether the bytes that come belong to a request whose head is complete.
    private var isInBody = false

    init(bytes: [UInt8]) {
        self.bytes = bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        guard let first = bytes else { return }
        bytes = nil
        channelRead(context: context, data: wrapInboundOut(first))
        context.fireChannelReadComplete()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isInBody, timeout == nil {
            let channel = context.channel
            timeout = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(WebLimits.headSeconds))) {
                channel.close(promise: nil)
            }
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stopTimeout()
        context.fireChannelInactive()
    }

    /// A head is complete; what follows is its body.
    func headCame() {
        stopTimeout()
        isInBody = true
    }

    /// A request is complete; what follows is the next one's head.
    func requestEnded() {
        isInBody = false
    }

    private func stopTimeout() {
        timeout?.cancel()
        timeout = nil
    }
}
