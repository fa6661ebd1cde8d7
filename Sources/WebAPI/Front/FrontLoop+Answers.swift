#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Answers are written, and connections go on or end.
extension FrontLoop {
    /// Answers with a problem document.
    func answer(_ place: Int, _ connection: FrontConnection, problem: Problem, closes: Bool) {
        let closes = closes || problem.closesConnection
        connection.closesAfterAnswer = closes
        shared.requests.countRequest(.postEvents, status: problem.status)
        answer(place, connection, answers.problem(problem, closes: closes))
    }

    /// Writes the answer to the request at the beginning of the connection's bytes, and goes on to the next.
    func answer(_ place: Int, _ connection: FrontConnection, _ bytes: [UInt8]) {
        if connection.isGone { return close(place) }
        let sent = bytes.withUnsafeBytes { send(connection.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
        if sent == bytes.count { return answered(place, connection) }
        guard sent >= 0 || errno == EAGAIN else { return close(place) }
        connection.unsent = Array(bytes[max(0, sent)...])
        connection.state = .answer
        connection.deadline = deadline(WebLimits.answerSeconds)
    }

    /// Writes more of an answer that did not fit.
    func sendRest(_ place: Int, _ connection: FrontConnection) {
        let sent = connection.unsent.withUnsafeBytes {
            send(connection.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        if sent < 0 {
            if errno != EAGAIN { close(place) }
            return
        }
        connection.unsent.removeFirst(sent)
        if connection.unsent.isEmpty { answered(place, connection) }
    }

    private func answered(_ place: Int, _ connection: FrontConnection) {
        if connection.closesAfterAnswer { return end(place, connection) }
        if let head = connection.head { connection.consume(head.length + head.bodyLength) }
        connection.head = nil
        connection.state = .idle
        connection.deadline = deadline(WebLimits.idleSeconds)
        // A request that came along behind this one, then whatever has come since.
        read(place, connection)
    }

    /// Closes our side, and the connection once the client has closed its own: closing it while bytes come in would
    /// make the system throw away the answer before the client has read it.
    private func end(_ place: Int, _ connection: FrontConnection) {
        if connection.hasEnded || shutdown(connection.descriptor, CInt(SHUT_WR)) != 0 { return close(place) }
        connection.state = .ending
        connection.head = nil
        connection.discard()
        connection.deadline = deadline(WebLimits.lingerSeconds)
        read(place, connection)
    }
}
