import NIOCore
import Queries
import Synchronization

/// One live query, computed once for all who watch it.
///
/// Whoever computes it, a new watcher or the feed's own clock, the last answer is kept here; ``turn()`` tells those who
/// have heard another one.
final class LiveFeed: Sendable {
    /// An answer and which it is.
    struct Answer: Sendable {
        /// Answers of a feed are computed one after the other.
        let number: Int
        let id: UInt64
        let message: ByteBuffer
        /// The state of the site it was computed in, or a later one.
        let version: UInt64
    }

    private struct Seat {
        let watcher: LiveWatcher
        /// The answer it heard last; `nil` while it waits for its first, and once it is dropped.
        var heard: UInt64?
        /// When that was.
        var time = ContinuousClock.now
    }

    private struct State {
        var seats: [ObjectIdentifier: Seat] = [:]
        var isOver = false
        var latest: Answer?
        var computed = 0
        /// The computation under way, or the last one.
        var running: Task<Answer, any Error>?
        /// The one that has not begun.
        var waiting: Task<Answer, any Error>?
        /// No computation of the feed's own before this.
        var notBefore = ContinuousClock.now
        var lastComputed = ContinuousClock.now
        var lastBeat = ContinuousClock.now
    }

    let query: LiveQuery
    private let engine: QueryEngine
    private let gate: QueryGate
    private let limits: LiveLimits
    private let counters: LiveCounters
    private let cancellation = QueryCancellation()
    private let state = Mutex(State())

    init(_ query: LiveQuery, engine: QueryEngine, gate: QueryGate, limits: LiveLimits, counters: LiveCounters) {
        self.query = query
        self.engine = engine
        self.gate = gate
        self.limits = limits
        self.counters = counters
    }

    // MARK: Watchers

    /// Takes a watcher in; it hears nothing before ``greet(_:)``.
    ///
    /// - Returns: whether it was taken: a feed that is over takes nobody.
    func add(_ watcher: LiveWatcher) -> Bool {
        state.withLock { state in
            guard !state.isOver else { return false }
            state.seats[ObjectIdentifier(watcher)] = Seat(watcher: watcher)
            return true
        }
    }

    /// Lets a watcher go; the last one ends the feed.
    ///
    /// - Returns: whether the watcher was there, and whether the feed is over.
    func remove(_ watcher: LiveWatcher) -> (wasThere: Bool, isOver: Bool) {
        let result = state.withLock { state in
            let wasThere = state.seats.removeValue(forKey: ObjectIdentifier(watcher)) != nil
            if state.seats.isEmpty { state.isOver = true }
            return (wasThere, state.isOver)
        }
        watcher.finish()
        if result.1 { cancellation.cancel() }
        return result
    }

    /// Gives a watcher its first answer, one that is computed after this call or is known to say the same.
    ///
    /// - Throws: a ``QueryError``, or a ``Problem`` when there is no room for another query.
    func greet(_ watcher: LiveWatcher) async throws {
        let answer = try await fresh()
        state.withLock { state in
            // Another computation may have been the later one by now, and its turn may be over.
            let newest = state.latest.map { $0.number > answer.number ? $0 : answer } ?? answer
            guard state.seats[ObjectIdentifier(watcher)] != nil else { return }
            state.seats[ObjectIdentifier(watcher)] = Seat(watcher: watcher, heard: newest.id)
            _ = watcher.offer(LiveMessage.opening)
            _ = watcher.offer(newest.message)
            counters.answers.add(1, ordering: .relaxed)
        }
    }

    // MARK: Computing

    /// An answer whose computation begins after this call; callers at the same time share one.
    private func fresh() async throws -> Answer {
        let task = state.withLock { state in
            if let waiting = state.waiting { return waiting }
            let before = state.running
            let task = Task<Answer, any Error> {
                _ = await before?.result
                self.state.withLock { state in
                    state.running = state.waiting
                    state.waiting = nil
                }
                return try await self.compute()
            }
            state.waiting = task
            return task
        }
        return try await task.value
    }

    private func compute() async throws -> Answer {
        // Read before the answer is computed: what is committed meanwhile leads to another computation.
        let version = engine.version(site: query.request.query.common.site)
        let started = ContinuousClock.now
        let result = try await gate.run { [engine, query, cancellation] in
            try engine.answer(query.request, cancellation: cancellation)
        }
        let ended = ContinuousClock.now
        counters.computations.add(1, ordering: .relaxed)
        return state.withLock { state in
            state.computed += 1
            let id = LiveMessage.id(of: result.content)
            let answer = Answer(
                number: state.computed, id: id, message: LiveMessage.answer(result, id: id), version: version)
            state.latest = answer
            state.lastComputed = ended
            state.notBefore = ended + max((ended - started) * limits.rest, .milliseconds(query.everyMs))
            return answer
        }
    }

    // MARK: Turns

    /// Runs until the feed is over.
    func run() async {
        while await turn() { try? await Task.sleep(for: limits.tick) }
    }

    /// Looks whether anything has changed, and tells those who have not heard of it.
    ///
    /// - Returns: whether there is to be another turn.
    private func turn() async -> Bool {
        guard !state.withLock({ $0.isOver }) else { return false }
        do {
            if needsComputing() { _ = try await fresh() }
        } catch let error as QueryError {
            end(with: Problem(error))
        } catch let problem as Problem where problem.status == 429 || problem.status == 503 {
            // Too many queries: the next turn tries again.
        } catch {
            end(with: .internal)
        }
        tell()
        beat()
        return true
    }

    private func needsComputing() -> Bool {
        let due = state.withLock { $0.notBefore <= .now ? $0.latest : nil }
        guard let latest = due else { return false }
        if engine.version(site: query.request.query.common.site) != latest.version { return true }
        guard let steps = query.request.query.clockSteps(limits) else { return false }
        return state.withLock { $0.lastComputed } + steps <= .now
    }

    /// Offers the latest answer to those who have heard another one.
    private func tell() {
        let slow = state.withLock { state -> [LiveWatcher] in
            guard let latest = state.latest else { return [] }
            let due = ContinuousClock.now - .milliseconds(query.everyMs)
            var slow: [LiveWatcher] = []
            for (key, seat) in state.seats where seat.heard != nil && seat.heard != latest.id && seat.time <= due {
                let isTold = seat.watcher.offer(latest.message)
                state.seats[key] = Seat(watcher: seat.watcher, heard: isTold ? latest.id : nil)
                if isTold { counters.answers.add(1, ordering: .relaxed) } else { slow.append(seat.watcher) }
            }
            return slow
        }
        drop(slow)
    }

    /// Says now and then that the stream is alive.
    private func beat() {
        let slow = state.withLock { state -> [LiveWatcher] in
            guard state.lastBeat + limits.heartbeat <= .now else { return [] }
            state.lastBeat = .now
            var slow: [LiveWatcher] = []
            for (key, seat) in state.seats where seat.heard != nil && !seat.watcher.offer(LiveMessage.heartbeat) {
                state.seats[key]?.heard = nil
                slow.append(seat.watcher)
            }
            return slow
        }
        drop(slow)
    }

    private func drop(_ slow: [LiveWatcher]) {
        counters.dropped.add(slow.count, ordering: .relaxed)
        // The connection's end takes the watcher out of the feed.
        for watcher in slow { watcher.drop() }
    }

    /// Ends all streams, with a last message if there is one to be said.
    func end(with problem: Problem?) {
        let watchers = state.withLock { state in
            state.isOver = true
            return state.seats.values.map(\.watcher)
        }
        cancellation.cancel()
        for watcher in watchers {
            if let problem { _ = watcher.offer(LiveMessage.failure(problem)) }
            watcher.finish()
        }
    }
}

extension Query {
    /// How often an answer may have changed with nothing but the clock; `nil` for never.
    fileprivate func clockSteps(_ limits: LiveLimits) -> Duration? {
        switch self {
        // What is over and what is not changes with the clock, whatever the range.
        case .retention: return limits.clockSteps
        case .funnel(let query) where query.interval != nil: return limits.clockSteps
        default: break
        }
        return switch common.range {
        case .absolute(_, .some): nil
        // A thousandth of the range is less than what a chart of it can show.
        case .last(let duration): min(.milliseconds(max(duration / 1_000, 1)), limits.clockSteps)
        case .absolute, .all, .today, .yesterday, .month: limits.clockSteps
        }
    }
}
