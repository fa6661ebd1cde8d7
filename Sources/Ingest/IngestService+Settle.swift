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
        case .diskFull, .storage: break
        }
    }

    /// Counts what became of a request, or of a group of them.
    ///
    /// - Parameter pixels: requests of a group that were pixels; the others came as `transport` says.
    func settle(_ prepared: Prepared, _ outcome: GroupCommitter.Outcome, transport: Transport, pixels: Int = 0) {
        counters.add { counts in
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
                counts.deadLetters += prepared.letters
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
        if case .failure(let error) = outcome, transport != .http, !error.isDiskFull,
            reports.isDue(error.description)
        {
            logger.error("Events were not stored.", metadata: ["error": "\(error)", "transport": "\(transport)"])
        }
    }
}

extension IngestService.Prepared {
    /// What the client is told.
    func answer(_ outcome: GroupCommitter.Outcome) -> Result<IngestAnswer, IngestError> {
        switch outcome {
        case .failure(let error): .failure(IngestError(error))
        case .success(let outcome):
            .success(
                IngestAnswer(
                    accepted: outcome.accepted, duplicate: outcome.duplicates + duplicates, rejected: rejections.count,
                    errors: rejections.prefix(IngestService.maxProblems).map {
                        IngestProblem(index: $0.index, code: $0.code.rawValue, detail: $0.detail)
                    }))
        }
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

extension RejectionCode {
    /// What a datagram's event counts as lost for, if not as rejected: it is no JSON object at all, or not its sender's to
    /// send.
    var dropReason: DropReason? {
        switch self {
        case .invalidJSON, .invalidUTF8, .notAnObject: .invalid
        case .unauthorized, .forbiddenOrigin: .unauthorized
        case .rateLimited: .rateLimited
        default: nil
        }
    }
}
