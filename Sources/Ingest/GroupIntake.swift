import Enrichment
import Events
import Storage

/// Takes the single events of many small requests in as one commit.
///
/// For a thread that serves many connections: it adds an event of each request that has come, submits the group, and
/// goes on receiving while the group is made durable. Confined to that thread.
public final class GroupIntake {
    /// Requests of one group at most.
    public static let maxRequests = DecodeGroup.maxEvents

    /// What becomes of one request of a group.
    public enum Answer: Sendable {
        /// The event is durable and visible.
        case accepted
        /// The event was stored before.
        case duplicate
        /// The event is a dead letter, durable.
        case rejected(IngestProblem)
        /// Nothing was stored.
        case failed(IngestError)
    }

    private let service: IngestService
    private let decoder: EventDecoder
    private var group: DecodeGroup?
    private var context: IngestContext?
    private var answers: [Answer] = []
    private var pixels = 0
    private var bytes = 0

    /// Creates an intake with a decoder of its own.
    public init(_ service: IngestService) {
        self.service = service
        decoder = service.decoders.makeDecoder()
    }

    /// Requests that have been added and not submitted.
    public var count: Int { answers.count }

    /// Whether a body is a single event on one line, which is what a group takes.
    public static func takes(_ body: UnsafeRawBufferPointer) -> Bool { DecodeGroup.takes(body) }

    /// Adds the event of a request.
    ///
    /// - Parameter body: one that ``takes(_:)`` is true of, followed by ``IngestService/padding`` readable bytes. It is
    ///   not needed any more when this returns.
    /// - Returns: the request's number in the group.
    /// - Throws: why the request is not taken; it is to be answered at once and has no place in the group.
    public func add(_ body: UnsafeRawBufferPointer, context next: IngestContext) throws(IngestError) -> Int {
        if answers.isEmpty { try service.checkAccepting() }
        let now = service.clock.milliseconds()
        let group = try begin(next, now: now)
        let outcome: DecodeGroup.Outcome
        do throws(DecodeError) {
            outcome = try group.add(body)
        } catch {
            throw .unreadable(code: error.code.rawValue, detail: error.detail)
        }
        switch outcome {
        case .taken: answers.append(.accepted)
        case .duplicate: answers.append(.duplicate)
        case .rejected:
            guard let rejection = group.newestRejection else { throw .storage(detail: "A rejection was lost.") }
            answers.append(
                .rejected(IngestProblem(index: 0, code: rejection.code.rawValue, detail: rejection.detail)))
        }
        bytes += body.count
        if next.transport == .pixel { pixels += 1 }
        return answers.count - 1
    }

    /// Commits what was added.
    ///
    /// - Parameter done: called once, on the committer's thread or on this one, with an answer for each request by its
    ///   number.
    public func submit(_ done: @escaping @Sendable ([Answer]) -> Void) {
        guard let group else { return }
        let (answers, pixels, bytes) = (answers, pixels, bytes)
        self.group = nil
        self.answers = []
        self.pixels = 0
        self.bytes = 0
        let decoded = group.finish()
        service.enrichment.apply(to: decoded.batches, isImport: false)
        let prepared = service.prepared(decoded, at: service.clock.milliseconds(), isGroup: true)
        do throws(StorageError) {
            try service.store.options.faults.hit(.ingestParsed)
        } catch {
            service.settle(prepared, .failure(error), transport: .http, pixels: pixels, isAnsweredSilently: true)
            done(answers.map { _ in .failed(IngestError(error)) })
            return
        }
        let service = service
        let isTaken = service.committer.submit(prepared.item, bytes: bytes) { outcome in
            service.settle(prepared, outcome, transport: .http, pixels: pixels, isAnsweredSilently: true)
            switch outcome {
            case .failure(let error): done(answers.map { _ in .failed(IngestError(error)) })
            case .success(let outcome):
                var answers = answers
                for origin in outcome.repeatedOrigins { answers[Int(origin)] = .duplicate }
                if let refusal = outcome.refusal {
                    for origin in outcome.refusedOrigins { answers[Int(origin)] = .failed(IngestError(refusal)) }
                }
                done(answers)
            }
        }
        if !isTaken {
            let refusal = service.refusedByQueue()
            if pixels > 0 { service.countDropped(reason: .overload, pixels, transport: .pixel) }
            done(answers.map { _ in .failed(refusal) })
        }
    }

    /// Takes a body of any form in by itself, without a group.
    ///
    /// - Parameters:
    ///   - body: followed by ``IngestService/padding`` readable bytes; not needed any more when this returns.
    ///   - done: called once, on the committer's thread or on this one.
    /// - Throws: why the request is not taken; `done` is then never called.
    public func submitAlone(
        _ body: UnsafeRawBufferPointer, context: IngestContext,
        _ done: @escaping @Sendable (Result<IngestAnswer, IngestError>) -> Void
    ) throws(IngestError) {
        let prepared = try service.prepare(body, context: context)
        let transport = context.transport
        do throws(StorageError) {
            try service.store.options.faults.hit(.ingestParsed)
        } catch {
            service.settle(prepared, .failure(error), transport: transport, isAnsweredSilently: true)
            throw .storage(detail: error.description)
        }
        let service = service
        let isTaken = service.committer.submit(prepared.item, bytes: body.count) { outcome in
            service.settle(prepared, outcome, transport: transport, isAnsweredSilently: true)
            done(prepared.answer(outcome))
        }
        if !isTaken { throw service.refusedByQueue() }
    }

    /// The group, with the context of the request at hand.
    private func begin(_ next: IngestContext, now: Int64) throws(IngestError) -> DecodeGroup {
        if let group, let context, context.isAlike(next) {
            group.advance(to: now)
            return group
        }
        let decodeContext = try service.decodeContext(next, now: now)
        context = next
        if let group {
            group.change(decodeContext)
            return group
        }
        let new = DecodeGroup(decoder, context: decodeContext)
        group = new
        return new
    }
}

extension IngestContext {
    /// Whether an event means the same with another request's context.
    fileprivate func isAlike(_ other: IngestContext) -> Bool {
        backfill == other.backfill && site == other.site && clientAddress == other.clientAddress
            && userAgent == other.userAgent && acceptLanguage == other.acceptLanguage && country == other.country
            && transport == other.transport && rule == nil && other.rule == nil
    }
}
