import Access
import Enrichment
import Events
import Storage

/// Dead letters, decoded anew.
struct ReplayedLetters {
    /// What is committed. Its rejections are those of the letters, which become no new ones.
    var prepared: IngestService.Prepared
    /// What is known without the commit: the letters that stay.
    var report: ReplayReport
}

extension IngestService {
    /// Holds letters against the rules of today.
    func decode(_ letters: [DeadLetter], _ order: ReplayOrder) throws(IngestError) -> ReplayedLetters {
        var item = CommitItem(runs: [], deadLetters: [])
        var replay = CommitItem.Replay(site: order.site, taken: [], refused: [])
        var result = ReplayedLetters(
            prepared: Prepared(
                received: 0, item: item, duplicates: 0, rejections: [], ignoredFields: 0, schemaWarnings: [:],
                overflowedProperties: 0, overflowedEvents: 0),
            report: ReplayReport())
        let now = clock.milliseconds()
        for letter in letters {
            if letter.code == DeadLetter.damagedCode || letter.isTruncated {
                let reason =
                    letter.isTruncated
                    ? "Of its \(letter.receivedBytes) bytes the first \(letter.event.count) were kept." : letter.detail
                result.report.skip(
                    letter, code: letter.isTruncated ? Self.truncatedCode : letter.code, detail: reason)
                continue
            }
            // By itself an array would be a body of several events, which as an event it is not.
            if letter.code == RejectionCode.notAnObject.rawValue {
                refuse(letter, code: .notAnObject, detail: letter.detail, &result, &replay)
                continue
            }
            let context = try replayContext(of: letter, order, now: now)
            let padded = letter.event + [UInt8](repeating: 0, count: IngestService.padding)
            let decoded: DecodedBody
            do throws(DecodeError) {
                decoded = try padded.withUnsafeBufferPointer { (bytes) throws(DecodeError) in
                    let event = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<letter.event.count])
                    return try decoders.decode(event, context: context)
                }
            } catch {
                // What is no JSON by itself was a line of a body; it is refused as it was then.
                refuse(letter, code: RejectionCode.invalidJSON, detail: error.detail, &result, &replay)
                continue
            }
            if let rejection = decoded.rejections.first {
                refuse(letter, code: rejection.code, detail: rejection.detail, &result, &replay)
                continue
            }
            // A letter is filed under another site than its event names where the sender might not send there; whoever may
            // admit this site's letters may not do so either.
            if let batch = decoded.batches.first(where: { $0.site != order.site }) {
                refuse(
                    letter, code: .invalidSite,
                    detail: "The event names the site \(batch.site), and its dead letter is one of \(order.site).",
                    &result, &replay)
                continue
            }
            replay.taken.append(letter.sequence)
            result.prepared.received += decoded.received
            result.prepared.duplicates += decoded.duplicates
            result.prepared.ignoredFields += decoded.ignoredFields
            result.prepared.overflowedProperties += decoded.overflowedProperties
            result.prepared.overflowedEvents += decoded.overflowedEvents
            result.prepared.schemaWarnings.merge(decoded.schemaWarnings) { $0 + $1 }
            enrichment.apply(to: decoded.batches, isImport: true)
            item.runs += decoded.batches.map { PreparedRun($0) }
        }
        item.replay = replay
        result.prepared.item = item
        return result
    }

    private func refuse(
        _ letter: DeadLetter, code: RejectionCode, detail: String, _ result: inout ReplayedLetters,
        _ replay: inout CommitItem.Replay
    ) {
        var letter = letter
        letter.code = code.rawValue
        letter.detail = detail
        replay.refused.append(letter)
        result.prepared.received += 1
        result.prepared.rejections.append((0, code, detail))
        result.report.rejected += 1
        result.report.note(letter, code: code.rawValue, detail: detail)
    }

    /// The rules a letter is held to: how late an event is counts from when it came, how far ahead from now.
    private func replayContext(
        of letter: DeadLetter, _ order: ReplayOrder, now: Int64
    ) throws(IngestError) -> DecodeContext {
        let (waited, overflow) = now.subtractingReportingOverflow(letter.time)
        let (limit, isTooLong) = lateLimit.addingReportingOverflow(overflow ? 0 : max(0, waited))
        let visitor = letter.visitor
        let derived: DecodeContext.AnonymousVisitor
        if visitor.isEmpty {
            // Letters of earlier versions say nothing of it: it is then as if all had come from one place.
            derived = try decodeContext(
                IngestContext(
                    site: order.site, userAgent: letter.userAgent, clientAddress: "", backfill: false,
                    transport: .replay), now: now
            ).anonymousVisitor
        } else {
            derived = { _, _ in visitor }
        }
        var context = DecodeContext(
            now: now, receivedAt: letter.time, defaultSite: order.site,
            backfill: order.backfill || letter.isBackfill, userAgent: letter.userAgent.isEmpty ? nil : letter.userAgent,
            lateLimit: isTooLong ? .max : limit, retention: retention, anonymousVisitor: derived)
        context.queryStringSites = queryStringSites
        context.ignoresSchema = order.ignoresSchema
        if order.isConfined {
            context.admission = EventAdmission(isPerEvent: false) { site, _, _ in
                site.elementsEqual(order.site.utf8) ? .admitted : .unauthorized
            }
        }
        context.transport = Transport.replay.rawValue
        return context
    }
}

extension ReplayReport {
    fileprivate mutating func skip(_ letter: DeadLetter, code: String, detail: String) {
        skipped += 1
        note(letter, code: code, detail: detail)
    }

    fileprivate mutating func note(_ letter: DeadLetter, code: String, detail: String) {
        guard errors.count < IngestService.maxProblems else { return }
        errors.append(ReplayProblem(sequence: letter.sequence, code: code, detail: detail))
    }
}
