import NIOCore
import NIOHTTP1

/// Gathers one answer at a time from a connection and hands it to the lane that the connection belongs to.
final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// The most bytes of an answer that are kept; the counts stand at its beginning.
    private static let answerLimit = 16 * 1024

    private let lane: Lane
    private var status = 0
    private var retryAfter: String?
    private var isKeptAlive = true
    private var answer: [UInt8] = []

    init(lane: Lane) {
        self.lane = lane
    }

    /// Sends a request.
    func send(_ head: HTTPRequestHead, _ body: ByteBuffer, to channel: any Channel) {
        let pipeline = channel.pipeline.syncOperations
        pipeline.write(NIOAny(OutboundOut.head(head)), promise: nil)
        pipeline.write(NIOAny(OutboundOut.body(.byteBuffer(body))), promise: nil)
        pipeline.writeAndFlush(NIOAny(OutboundOut.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
            retryAfter = head.headers.first(name: "retry-after")
            isKeptAlive = head.isKeepAlive
            answer.removeAll(keepingCapacity: true)
        case .body(let part):
            answer.append(contentsOf: part.readableBytesView.prefix(Self.answerLimit - answer.count))
        case .end:
            // 1xx answers only announce the real one.
            guard status >= 200 else { return }
            if !isKeptAlive {
                lane.retire(self)
                context.close(promise: nil)
            }
            lane.answered(status: status, retryAfter: retryAfter, answer: answer)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lane.note(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        lane.disconnected(self)
        context.fireChannelInactive()
    }
}
