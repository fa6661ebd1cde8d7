/// The decoding of one body: the state that events share, and what became of them.
///
/// How a body falls into events is in `DecodeRun+Forms`, what an event must keep in `DecodeRun+Event` and
/// `DecodeRun+Properties`, how its row is made in `DecodeRun+Row`.
struct DecodeRun: ~Copyable {
    let decoder: EventDecoder
    var context: DecodeContext
    let hash: EventHash
    let limits: DecodeLimits
    let scratch: DecodeScratch
    var defaults: RequestDefaults
    /// The document of the event at hand.
    let tape: JSONTape

    // Of the event at hand, how much of the scratch is in use.
    var propertyCount = 0
    var listMemberCount = 0
    var numberBytes = 0
    var nameBytes = 0
    /// Bytes of the event's properties, as ``DecodeLimits/maxPropertyBytes`` counts them.
    var propertyBytes = 0

    /// Where events may go, as far as that is asked.
    var gate = SiteGate()

    var partitions = Partitions()
    var ids = SeenIDs()
    var visitors = AnonymousVisitors()
    /// Members of a list on their way into a batch.
    var listValues: [(bytes: UnsafeRawBufferPointer, kind: ValueKind)] = []
    /// Names of properties and of events that a rehearsal would have made known, by site.
    var rehearsedNames: [String: Set<UInt64>] = [:]
    var rehearsedEvents: [String: Set<UInt64>] = [:]
    var result = DecodedBody()
    /// Which request of a group the event at hand came with; `nil` where the body is a request's own.
    var origin: UInt32?

    init(decoder: EventDecoder, context: DecodeContext) {
        self.decoder = decoder
        self.context = context
        hash = decoder.hash
        limits = decoder.limits
        scratch = decoder.scratch
        defaults = RequestDefaults(context: context, limits: decoder.limits, hash: decoder.hash)
        tape = decoder.parser.tape
    }

    /// Takes the event that `raw` is.
    ///
    /// - Returns: what breaks the JSON grammar, if anything does: then nothing but ``DecodedBody/received`` has
    ///   changed,
    ///   and it is for the form of the body to say whether this is a rejection or the end.
    mutating func take(_ raw: UnsafeRawBufferPointer) -> JSONProblem? {
        let index = result.received
        result.received &+= 1
        scratch.slots.update(repeating: 0, count: EventField.count)
        gate.begin()
        if raw.count > limits.maxEventBytes || !decoder.parser.parse(raw) { return takeUnreadable(raw, index: index) }
        do throws(Refusal) {
            guard tape.kind(JSONTape.first) == JSONTape.Kind.object else {
                throw Refusal(.notAnObject, "An event is a JSON object, and this is another value.")
            }
            try admit()
        } catch {
            reject(raw, index: index, error)
        }
        return nil
    }

    /// Takes an event that the parser did not: too large, not JSON, or with a value that cannot be held.
    @inline(never)
    private mutating func takeUnreadable(_ raw: UnsafeRawBufferPointer, index: Int) -> JSONProblem? {
        let problem = JSONChecker.problem(in: raw, maxDepth: limits.maxNestingDepth)
        if let problem, problem.breaksGrammar { return problem }
        if raw.count > limits.maxEventBytes {
            reject(
                raw, index: index,
                Refusal(
                    .eventTooLarge,
                    "The event has \(raw.count) bytes, more than the \(limits.maxEventBytes) allowed. Send less with it."
                ))
        } else if let problem {
            reject(
                raw, index: index,
                Refusal(problem.code, "In the event, \(problem.reason), at byte \(problem.position)."))
        } else {
            // The two readers disagree. The one that has to deliver the values decides.
            return JSONProblem(code: .invalidJSON, reason: "the parser refused it", position: 0)
        }
        return nil
    }

    /// Records a rejection.
    @inline(never)
    mutating func reject(_ raw: UnsafeRawBufferPointer, index: Int, _ refusal: Refusal) {
        var rejection = Rejection(
            index: index, code: refusal.code, detail: refusal.detail,
            raw: KeyMask.masked(raw.prefix(limits.maxRejectedRawBytes)), rawBytes: raw.count, site: siteForRejection(),
            visitor: visitorForRejection())
        rejection.transport = context.transport
        rejection.userAgent = context.userAgent ?? []
        rejection.isBackfill = context.backfill
        result.rejections.append(rejection)
    }

    /// What the bodies so far came to.
    func collected() -> DecodedBody {
        var result = result
        for partition in partitions.all where partition.batch.rows > 0 { result.batches.append(partition.batch) }
        return result
    }
}
