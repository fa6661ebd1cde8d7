import LoadgenSystem
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Sends bodies as datagrams from one thread, at the times at which they are due.
final class DatagramSender {
    private let plan: SenderPlan
    private let tally: SharedTally
    private var work: any Work
    private var burst: DatagramBurst
    private var events = 0
    private var bytes = 0
    private(set) var ledger = Ledger()

    /// Opens a socket that sends to the plan's address.
    init(plan: SenderPlan, work: any Work, tally: SharedTally) throws(RunError) {
        self.plan = plan
        self.work = work
        self.tally = tally
        burst = try DatagramBurst(to: plan.address)
    }

    /// Sends until the time or the work has run out.
    func run(start: Int64) throws(RunError) {
        let deadline = plan.duration.map { start + $0 } ?? .max
        var body = PreparedBody()
        while loadgen_now() < deadline {
            body.reset()
            guard try make(&body) else { break }
            let due = start + (body.due ?? 0)
            if due > loadgen_now() {
                // What was due before goes out before the wait.
                send()
                sleep(until: min(due, deadline))
                if due >= deadline { break }
            }
            if burst.isFull(before: body.bytes) { send() }
            burst.add(body.bytes)
            if plan.keepsLedger { ledger.sent.insert(body.number) }
            events += body.events
            bytes += body.bytes.count
        }
        send()
    }

    private func make(_ body: inout PreparedBody) throws(RunError) -> Bool {
        while true {
            do {
                switch try work.prepare(&body) {
                case .begun: continue
                case .ready: return true
                case .finished: return false
                }
            } catch { throw LoadRunner.runError(error) }
        }
    }

    private func sleep(until time: Int64) {
        while true {
            let rest = time - loadgen_now()
            guard rest > 0 else { return }
            var wait = timespec(tv_sec: Int(rest / 1_000_000_000), tv_nsec: Int(rest % 1_000_000_000))
            nanosleep(&wait, nil)
        }
    }

    /// Sends the burst. A closed port answers with an error that a socket hears of at its next call; the run goes on and
    /// counts it.
    private func send() {
        let count = burst.count
        guard count > 0 else { return }
        let (sent, reason) = burst.send()
        let (events, bytes) = (events, bytes)
        self.events = 0
        self.bytes = 0
        tally.update { tally in
            tally.requests += sent
            // Events and bytes of a burst of which something was refused are told by the share that was taken.
            tally.events += events * sent / count
            tally.bytes += bytes * sent / count
            tally.sendErrors += count - sent
            if let reason { tally.firstError = tally.firstError ?? reason }
        }
    }
}
