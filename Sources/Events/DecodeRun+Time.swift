/// When an event happened.
extension DecodeRun {
    /// The event's time, Unix milliseconds from ``CivilTime/earliest`` to ``CivilTime/latest``.
    @inline(__always)
    func time() throws(Refusal) -> Int64 {
        let index = scratch.slots[EventField.time.rawValue]
        // The server's own clock is not measured against itself.
        if index == 0 { return min(max(context.receivedAt, CivilTime.earliest), CivilTime.latest) }
        let time: Int64
        if tape.kind(index) == JSONTape.Kind.int {
            time = tape.int(index)
        } else if tape.kind(index) == JSONTape.Kind.string {
            guard let parsed = CivilTime.parse(tape.string(index)) else { throw invalidTime(index) }
            time = parsed
        } else {
            time = try unusualTime(index)
        }
        guard time >= CivilTime.earliest, time <= CivilTime.latest else { throw timeOutOfRange() }
        if context.backfill { return time }
        if time &- context.now > context.futureLimit || context.now &- time > context.lateLimit {
            throw untimely(time)
        }
        return time
    }

    /// A time that is neither a text nor an integer of the usual size: `1.7e12` is as good as its integer.
    private func unusualTime(_ index: Int) throws(Refusal) -> Int64 {
        if tape.kind(index) == JSONTape.Kind.uint { throw timeOutOfRange() }
        guard tape.kind(index) == JSONTape.Kind.double, tape.double(index).rounded() == tape.double(index) else {
            throw invalidTime(index)
        }
        guard let time = Int64(exactly: tape.double(index)) else { throw timeOutOfRange() }
        return time
    }

    private func invalidTime(_ index: Int) -> Refusal {
        var sent = "It is \(JSONTape.describe(tape.kind(index)))."
        if tape.kind(index) == JSONTape.Kind.string {
            sent = "It is \"\(String(decoding: tape.string(index).prefix(64), as: UTF8.self))\"."
        }
        return Refusal(
            .invalidTime,
            "`time` must be an RFC 3339 date and time such as 2026-11-01T12:00:00Z, or an integer of Unix milliseconds. "
                + sent)
    }

    private func timeOutOfRange() -> Refusal {
        Refusal(
            .timeOutOfRange,
            "`time` must lie from 1970-01-01 to 9999-12-31. Send Unix time in milliseconds, not in micro- or nanoseconds."
        )
    }

    private func untimely(_ time: Int64) -> Refusal {
        let text = CivilTime.format(time)
        let now = CivilTime.format(min(max(context.now, CivilTime.earliest), CivilTime.latest))
        if time > context.now {
            return Refusal(
                .timeInFuture,
                "`time` is \(text), more than \(context.futureLimit / 1000) s ahead of the server's clock, \(now). "
                    + "Check the sender's clock, or send with backfill=true.")
        }
        return Refusal(
            .timeTooOld,
            "`time` is \(text), more than \(context.lateLimit / 1000) s before the server's clock, \(now). "
                + "Send old events with backfill=true.")
    }

    /// Why an event that its site would give up at once is not taken, backfill or not.
    func pastRetention(_ time: Int64, site: String) -> Refusal {
        let seconds = (context.retention?(site) ?? 0) / 1000
        return Refusal(
            .timeTooOld,
            "`time` is \(CivilTime.format(time)), and events of the site \(site) are kept for \(seconds) s. "
                + "Send what is newer, or set a longer retention.")
    }
}
