import Access
import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Receives events as UDP datagrams on a thread of its own and offers them to the ingest service.
///
/// Nothing is ever answered. What cannot be taken is counted by reason. ``run()`` returns after a graceful shutdown (or
/// cancellation), when what the kernel had queued by then has been offered.
public final class UDPReceiver: Service {
    /// Where datagrams are received; with the real port when port 0 was asked for.
    public let boundAddress: SocketAddress

    private let loop: Mutex<DatagramLoopBox?>
    private let stopping = Atomic<Bool>(false)

    /// Binds the socket; datagrams queue in the kernel from here on, and are read once ``run()`` is called.
    ///
    /// - Parameters:
    ///   - host: an address or a name; of several addresses the first is taken.
    ///   - port: 0…65535; 0 picks a free one.
    ///   - service: takes the events.
    ///   - access: says which events may go where.
    ///   - logger: for what is odd on the socket, at debug level.
    /// - Throws: ``UDPError`` when the name does not resolve or the address cannot be bound.
    public convenience init(
        host: String, port: Int, service: IngestService, access: AccessControl, logger: Logger
    ) throws(UDPError) {
        let sink = DatagramSink(
            offer: { padded, count, datagrams, sender in
                let client = ClientAddress(sender) ?? .unknown
                guard access.admitDatagrams(from: client) else {
                    service.countDropped(reason: .rateLimited, datagrams, transport: .udp)
                    return
                }
                let context = IngestContext(
                    site: nil, userAgent: [], clientAddress: client.text, backfill: false, transport: .udp,
                    rule: access.datagramRule())
                let events = service.offer(padded: padded, count: count, datagrams: datagrams, context: context)
                access.chargeDatagrams(from: client, events: events)
            },
            dropped: { reason, datagrams in
                service.countDropped(reason: reason, datagrams, transport: .udp)
            })
        try self.init(host: host, port: port, sink: sink, datagramBytes: 64 * 1024, logger: logger)
    }

    /// The same with any sink, and with a limit on a datagram's size.
    package init(
        host: String, port: Int, sink: DatagramSink, datagramBytes: Int, logger: Logger
    ) throws(UDPError) {
        let address: SocketAddress
        do {
            address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw UDPError("cannot resolve \(host)")
        }
        let socket = try DatagramSocket(binding: address)
        self.boundAddress = socket.boundAddress
        let vector = try DatagramVector(slots: 64, slotBytes: datagramBytes)
        self.loop = Mutex(
            DatagramLoopBox(DatagramLoop(socket: socket, vector: vector, sink: sink, logger: logger)))
    }

    /// Receives until the surrounding task is cancelled or shuts down gracefully. May be called once.
    public func run() async throws {
        guard let box = loop.withLock({ $0.take() }) else { return }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let thread = Thread { [self] in
                    box.loop.run { self.stopping.load(ordering: .acquiring) }
                    continuation.resume()
                }
                thread.name = "weir-udp"
                thread.start()
            }
        } onCancelOrGracefulShutdown: { [self] in
            stopping.store(true, ordering: .releasing)
        }
    }
}

/// Carries the loop to its thread. Unchecked: only one thread ever uses it, the one that ``UDPReceiver/run()`` starts.
private final class DatagramLoopBox: @unchecked Sendable {
    var loop: DatagramLoop

    init(_ loop: consuming DatagramLoop) {
        self.loop = loop
    }
}
