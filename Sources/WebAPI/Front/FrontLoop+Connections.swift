import Access
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Connections come, are read, and go to the HTTP library.
extension FrontLoop {
    /// Connections accepted before those that are there are served again.
    private static let acceptsAtOnce = 64

    /// Waits for connections, if there is room for more and this loop does not wait already.
    func listen() {
        guard !isListening, !isDraining, shared.table.hasRoom else { return }
        isListening = epoll.add(listening: shared.listening.descriptor, token: Self.listeningToken)
    }

    /// Stops waiting for connections until the next tick: they queue in the kernel.
    private func pause() {
        guard isListening else { return }
        epoll.remove(shared.listening.descriptor)
        isListening = false
        shared.counters.pauses.add(1, ordering: .relaxed)
    }

    func acceptConnections() {
        for _ in 0..<Self.acceptsAtOnce {
            guard shared.table.hasRoom else { return pause() }
            switch shared.listening.accept() {
            case .none: return
            case .gone: continue
            case .exhausted: return pause()
            case .connection(let descriptor, let address): enter(descriptor, address?.clientAddress?.text ?? "")
            }
        }
    }

    private func enter(_ descriptor: CInt, _ address: String) {
        guard shared.table.enter(address) else {
            shared.counters.count(.address)
            _ = systemClose(descriptor)
            return
        }
        shared.counters.accepted.add(1, ordering: .relaxed)
        let connection = FrontConnection(
            descriptor: descriptor, address: address, deadline: deadline(WebLimits.idleSeconds))
        let place: Int
        if let last = free.popLast() {
            place = last
            connections[place] = connection
        } else {
            place = connections.count
            connections.append(connection)
        }
        open += 1
        guard epoll.add(connection: descriptor, token: UInt64(place)) else { return close(place) }
        read(place, connection)
    }

    /// Reads what has come and acts on it.
    func read(_ place: Int, _ connection: FrontConnection) {
        guard !connection.isBeingServed else { return }
        connection.isBeingServed = true
        defer { connection.isBeingServed = false }
        while true {
            advance(place, connection)
            // It may be closed or another's by now, or wait for its answer.
            guard connections[place] === connection, connection.isReadable, !connection.isWaiting else { return }
            if connection.state == .ending { connection.discard() }
            let room = connection.room
            let count = connection.receive()
            if count == -Int(EAGAIN) || count == -Int(EINTR) {
                connection.isReadable = count == -Int(EINTR)
                continue
            }
            if count < 0 { return close(place) }
            if count == 0 { return ended(place, connection) }
            // Less than asked for is all there was, and more wakes this loop again; the end alone would not.
            if count < room, !connection.isEnding { connection.isReadable = false }
        }
    }

    /// The client has closed its side.
    private func ended(_ place: Int, _ connection: FrontConnection) {
        connection.isReadable = false
        connection.hasEnded = true
        switch connection.state {
        // With nothing begun there is nobody to answer.
        case .idle, .ending: close(place)
        // A request that is cut short; what is said to it is the library's affair.
        default: handOver(place, connection)
        }
    }

    /// Hands a connection to the HTTP library, with what has been read of it.
    func handOver(_ place: Int, _ connection: FrontConnection) {
        epoll.remove(connection.descriptor)
        let handed = HandedConnection(
            descriptor: connection.descriptor, address: connection.address, bytes: Array(connection.bytes))
        guard shared.handOver(handed) else { return close(place) }
        shared.counters.handedOver.add(1, ordering: .relaxed)
        forget(place)
    }
}
