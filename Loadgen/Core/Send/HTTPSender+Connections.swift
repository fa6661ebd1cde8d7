import LoadgenSystem
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension HTTPSender {
    /// Begins to connect.
    func open(_ connection: Connection) {
        let socket = plan.address.withSockAddr { loadgen_connect($0, socklen_t($1)) }
        guard socket >= 0 else { return missed(connection, reason: systemMessage(errno)) }
        connection.begin(socket)
        schedule(connection, at: loadgen_now() + Self.connectLimit)
        if !set.add(socket, token: connection.number) { missed(connection, reason: systemMessage(errno)) }
    }

    /// An attempt to connect has come to its end, or not yet.
    func settle(_ connection: Connection, _ flags: UInt32) {
        guard connection.state == .connecting, flags & UInt32(LOADGEN_WRITABLE | LOADGEN_OVER) != 0 else { return }
        let error = loadgen_socket_error(connection.descriptor)
        guard error == 0 else { return missed(connection, reason: systemMessage(error)) }
        connection.state = .open
        connection.attempts = 0
        schedule(connection, at: nil)
        guard let exchange = connection.exchange else { return }
        if exchange.wasSent { resend(connection) } else { transmit(connection) }
    }

    /// An attempt to connect has failed.
    private func missed(_ connection: Connection, reason: String) {
        lostReason = reason
        connection.close()
        guard connection.exchange != nil else { return schedule(connection, at: nil) }
        guard connection.attempts < Self.reconnectLimit else { return giveUp(connection) }
        let pause = min(2500, Int64(100) << Int64(connection.attempts)) * 1_000_000
        connection.attempts += 1
        schedule(connection, at: loadgen_now() + pause)
    }

    private func giveUp(_ connection: Connection) {
        if let exchange = connection.exchange {
            tally.update { $0.failed += exchange.body.events }
            connection.exchange = nil
            busy -= 1
        }
        schedule(connection, at: nil)
        connection.close()
        connection.state = .dead
        dead += 1
    }

    /// Sets when a connection goes on by itself.
    func schedule(_ connection: Connection, at time: Int64?) {
        connection.wakeAt = time
        if time == nil { waiting.remove(connection.number) } else { waiting.insert(connection.number) }
    }

    /// Goes on with connections whose time has come.
    func wake(_ now: Int64) {
        guard !waiting.isEmpty else { return }
        for number in waiting {
            let connection = connections[number]
            guard let time = connection.wakeAt, time <= now else { continue }
            schedule(connection, at: nil)
            switch connection.state {
            case .connecting: missed(connection, reason: "no answer within five seconds")
            case .closed: if connection.exchange != nil { open(connection) }
            case .open: if connection.hasOutput { push(connection) } else { resend(connection) }
            case .dead: break
            }
        }
    }

    /// Sends a connection's request for the first time.
    func transmit(_ connection: Connection) {
        guard let exchange = connection.exchange else { return }
        guard connection.state == .open else {
            if connection.state == .closed { open(connection) }
            return
        }
        connection.send { output in
            if !exchange.body.isRequest {
                output.append(contentsOf: plan.head)
                Self.append(exchange.body.bytes.count, to: &output)
                output.append(contentsOf: [13, 10, 13, 10])
            }
            output.append(contentsOf: exchange.body.bytes)
        }
        push(connection)
    }

    private static func append(_ number: Int, to output: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &output) }
        output.append(UInt8(number % 10) + 48)
    }

    /// Sends what the system or a slow client's pace lets through.
    private func push(_ connection: Connection) {
        let error = connection.flush()
        if error != 0 { return broke(connection, reason: systemMessage(error)) }
        if connection.hasOutput, connection.dribble != nil {
            schedule(connection, at: loadgen_now() + Connection.pause)
        }
    }

    private func resend(_ connection: Connection) {
        guard connection.exchange != nil else { return }
        connection.exchange?.tries += 1
        tally.update { $0.retries += 1 }
        transmit(connection)
    }

    /// A connection is gone; what is under way is sent again over a new one.
    func broke(_ connection: Connection, reason: String) {
        let isWaiting = connection.wakeAt != nil && !connection.hasOutput
        connection.close()
        guard let exchange = connection.exchange else { return }
        lostReason = reason
        // While the server asks for patience there is nothing to send.
        if isWaiting { return }
        tally.update {
            $0.brokenConnections += 1
            $0.firstError = $0.firstError ?? reason
        }
        guard exchange.tries < Self.tryLimit else { return giveUp(connection) }
        open(connection)
    }
}
