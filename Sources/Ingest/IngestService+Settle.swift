import Events
import Logging
import Storage

extension IngestService {
    /// Counts the event of a pixel that was not taken, since nobody is told. What the store failed on is counted there.
    public func countLostPixel(_ error: IngestError) {
        switch error {
        case .unreadable: countDropped(reason: .invalid, 1, transport: .pixel)
        case .refused: countDropped(reason: .unauthorized, 1, transport: .pixel)
        case .overloaded, .draining: countDropped(reason: .overload, 1, transport: .pixel)
        case .diskFull, .storage, .keyReused: break
        }
    }

    /// Counts what became of a request, or of a group of them.
    ///
    /// - Parameters:
    ///   - pixels: requests of a group that were pixels; the others came as `transport` says.
    ///   - isAnsweredSilently: whether nobody logs the answers.
    func settle(
        _ prepared: Prepared, _ outcome: GroupCommitter.Outcome, transport: Transport, pixels: Int = 0,
        isAnsweredSilently: Bool = false
    ) {
        counters.add { counts in
            if case .success(let outcome) = outcome {
                switch outcome.settlement {
                case .stored: break
                case .answeredBefore:
                    // The same request once more: all of its events have been received, and settled, before.
                    counts.received[transport, default: 0] += prepared.received
                    counts.duplicate += prepared.received
                    counts.repeatedRequests += 1
                    return
                case .keyReused:
                    // Refused as a whole, like a body that cannot be read.
                    counts.reusedKeys += 1
                    return
                case .stale: return
                }
            }
            counts.received[transport, default: 0] += prepared.received - pixels
            if pixels > 0 { counts.received[.pixel, default: 0] += pixels }
            counts.ignoredFields += prepared.ignoredFields
            switch outcome {
            case .success(let outcome):
                counts.accepted += outcome.accepted
                if !outcome.refusedOrigins.isEmpty {
                    counts.dropped[.storage, default: 0] += outcome.refusedOrigins.count
                }
                counts.duplicate += outcome.duplicates + prepared.duplicates
                counts.deadLetters += prepared.item.deadLetters.count
                counts.overflowedProperties += prepared.overflowedProperties
                counts.overflowedEvents += prepared.overflowedEvents
                for (code, count) in prepared.schemaWarnings {
                    counts.schemaWarnings[code.rawValue, default: 0] += count
                }
                for rejection in prepared.rejections {
                    // Over UDP, what is no JSON is taken for noise, not for somebody's event.
                    if transport == .udp, let reason = rejection.code.dropReason {
                        counts.dropped[reason, default: 0] += 1
                    } else {
                        counts.rejected[rejection.code.rawValue, default: 0] += 1
                    }
                }
            case .failure(let error):
                counts.dropped[error.isDiskFull ? .diskFull : .storage, default: 0] += prepared.received
            }
        }
        // A client over HTTP is told, and that is logged with the answer. A full disk is logged when it begins.
        if case .failure(let error) = outcome, isAnsweredSilently || transport != .http, !error.isDiskFull,
            reports.isDue(error.description)
        {
            logger.error("Events were not stored.", metadata: ["error": "\(error)", "transport": "\(transport)"])
        }
    }

    /// What a request's key claims, if it came with one.
    func claim(of context: IngestContext, body: UnsafeRawBufferPointer, _ prepared: Prepared) -> AnswerClaim? {
        guard let key = context.key, !context.isRehearsal else { return nil }
        var bodyHash = store.hash(body)
        // The same bytes with other rules are another request.
        if context.backfill { bodyHash = ~bodyHash }
        return AnswerClaim(
            site: store.hash(context.site ?? "default"), key: store.hash(key.text), body: bodyHash,
            render: { [prepared] outcome in key.render(prepared.answer(stored: outcome)) })
    }
}

extension IngestService.Prepared {
    /// What the client is told.
    func answer(_ outcome: GroupCommitter.Outcome) -> Result<IngestAnswer, IngestError> {
        switch outcome {
        case .failure(let error): return .failure(IngestError(error))
        case .success(let outcome):
            switch outcome.settlement {
            case .stored(let rendered):
                var answer = answer(stored: outcome)
                answer.rendered = rendered
                return .success(answer)
            case .answeredBefore(let rendered):
                return .success(IngestAnswer(rendered: rendered, isRepeated: true))
            case .keyReused: return .failure(.keyReused)
            case .stale: return .failure(.storage(detail: "The dead letters changed meanwhile."))
            }
        }
    }

    /// What a client is told whose events were stored.
    func answer(stored outcome: CommitOutcome) -> IngestAnswer {
        IngestAnswer(
            accepted: outcome.accepted, duplicate: outcome.duplicates + duplicates, rejected: rejections.count,
            errors: rejections.prefix(IngestService.maxProblems).map {
                IngestProblem(index: $0.index, code: $0.code.rawValue, detail: $0.detail)
            })
    }
}

extension DeadLetter {
    /// What is kept of a rejected event that came at `now`.
    init(_ rejection: Rejection, at now: Int64) {
        self.init(
            time: now, code: rejection.code.rawValue, detail: rejection.detail, event: rejection.raw,
            transport: rejection.transport, receivedBytes: rejection.rawBytes, isBackfill: rejection.isBackfill,
            userAgent: rejection.userAgent, visitor: rejection.visitor)
    }
}

extension IngestError {
    /// What a failed commit is to the client.
    init(_ error: StorageError) {
        switch error {
        case .limit(let detail): self = .overloaded(retryAfterSeconds: 60, detail: detail)
        case _ where error.isDiskFull:
            self = .diskFull(retryAfterSeconds: IngestService.diskRetryAfterSeconds, detail: error.description)
        default: self = .storage(detail: error.description)
        }
    }
}

extension StorageError {
    /// Whether it passes when there is space on the disk.
    var isDiskFull: Bool { if case .diskFull = self { true } else { false } }
}
