import NIOCore

/// One client that watches a live query: a queue of messages with an end.
final class LiveWatcher: Sendable {
    /// What to send, until it ends.
    let messages: AsyncStream<ByteBuffer>
    private let continuation: AsyncStream<ByteBuffer>.Continuation
    /// Cuts the connection.
    private let cut: @Sendable () -> Void

    /// - Parameters:
    ///   - queue: messages that may wait.
    ///   - cut: ends the connection even where a write waits for the client.
    init(queue: Int, cut: @escaping @Sendable () -> Void) {
        (messages, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(queue))
        self.cut = cut
    }

    /// Puts a message into the queue.
    ///
    /// - Returns: whether there was room.
    func offer(_ message: ByteBuffer) -> Bool {
        if case .dropped = continuation.yield(message) { return false }
        return true
    }

    /// Ends the stream after what is in the queue.
    func finish() { continuation.finish() }

    /// Ends the stream and the connection, though a message may be half written.
    func drop() {
        continuation.finish()
        cut()
    }
}
