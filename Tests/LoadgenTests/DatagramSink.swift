import LoadgenCore
import NIOCore
import NIOPosix
import Testing

/// Runs the body with the address of a socket that hands every datagram on.
func withDatagramSink(
    _ group: MultiThreadedEventLoopGroup, _ receive: @escaping @Sendable (String) -> Void,
    _ body: (HostPort) async throws -> Void
) async throws {
    let channel = try await DatagramBootstrap(group: group)
        .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
        .channelOption(.socketOption(.so_rcvbuf), value: 4 << 20)
        .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(DatagramSink(receive))
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    let address = try #require(HostPort("127.0.0.1:\(channel.localAddress?.port ?? 0)"))
    try await body(address)
    try await channel.close()
}

private final class DatagramSink: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let receive: @Sendable (String) -> Void

    init(_ receive: @escaping @Sendable (String) -> Void) {
        self.receive = receive
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receive(String(buffer: unwrapInboundIn(data).data))
    }
}
