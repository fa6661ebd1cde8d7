import LoadgenSystem

extension HTTPSender {
    /// Takes the answer to the request under way.
    func answered(_ connection: Connection, _ answer: HTTPAnswer) {
        if !answer.keepsAlive { connection.close() }
        guard let exchange = connection.exchange else { return }
        let now = loadgen_now()
        let isSuccess = (200..<300).contains(answer.status)
        let counts = isSuccess ? counts(of: answer, exchange.body) : nil
        let mayRetry = (answer.status == 429 || answer.status == 503) && exchange.tries < Self.tryLimit
        let isMeasured = exchange.intended - start >= plan.warmup
        tally.update(latency: counts != nil && isMeasured ? now - exchange.intended : nil) { tally in
            tally.statuses[answer.status, default: 0] += 1
            if let counts {
                tally.accepted += counts.accepted
                tally.duplicate += counts.duplicate
                tally.rejected += counts.rejected
                tally.unexpectedlyRejected += max(0, counts.rejected - exchange.body.bad)
                if isMeasured { tally.measured += exchange.body.events }
                return
            }
            if isSuccess { tally.unreadableAnswers += 1 }
            if !mayRetry { tally.failed += exchange.body.events }
            if tally.firstError == nil {
                let text = String(decoding: answer.body.prefix(300), as: UTF8.self).split(whereSeparator: \.isNewline)
                tally.firstError = (["\(answer.status)"] + text).joined(separator: " ")
            }
        }
        if let counts, plan.keepsLedger, counts.rejected == exchange.body.bad, plan.expectsCounts {
            ledger.acknowledged.insert(exchange.body.number)
        }
        if mayRetry {
            let seconds = max(0, min(answer.retryAfter ?? 1, Self.patienceLimit))
            return schedule(connection, at: now + Int64(seconds) * 1_000_000_000)
        }
        recycle(exchange.body)
        connection.exchange = nil
        busy -= 1
        idle.append(connection.number)
    }

    /// What became of a body's events; nil where the answer does not say.
    private func counts(of answer: HTTPAnswer, _ body: PreparedBody) -> AnswerCounts? {
        if plan.expectsCounts, answer.status != 204 { return AnswerCounts(answer.body) }
        // A query, a pixel, or a server that only swallows.
        return AnswerCounts(accepted: body.events, duplicate: 0, rejected: 0)
    }
}
