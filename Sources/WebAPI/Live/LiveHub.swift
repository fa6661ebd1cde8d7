import Queries
import Synchronization

/// All live queries and their watchers.
final class LiveHub: Sendable {
    private struct State {
        var feeds: [[UInt8]: LiveFeed] = [:]
        var watchers = 0
        var isDraining = false
    }

    let counters = LiveCounters()
    private let gate: QueryGate
    private let limits: LiveLimits
    private let state = Mutex(State())

    init(gate: QueryGate, limits: LiveLimits) {
        self.gate = gate
        self.limits = limits
    }

    /// Watchers and different live queries now.
    var size: (watchers: Int, queries: Int) { state.withLock { ($0.watchers, $0.feeds.count) } }

    /// A place at a live query.
    struct Ticket: Sendable {
        let watcher: LiveWatcher
        let feed: LiveFeed
    }

    /// Lets a client watch.
    ///
    /// - Parameters:
    ///   - live: what it watches.
    ///   - cut: ends its connection.
    /// - Throws: a ``Problem`` when there is no room.
    func enter(
        _ live: LiveQuery, engine: QueryEngine, cut: @escaping @Sendable () -> Void
    ) throws(Problem) -> Ticket {
        let watcher = LiveWatcher(queue: max(limits.queue, 2), cut: cut)
        let key = live.key
        let result = state.withLock { state -> Result<(LiveFeed, isNew: Bool), Problem> in
            if state.isDraining { return .failure(.draining) }
            guard state.watchers < limits.watchers else { return .failure(.tooManyWatchers(limits.watchers)) }
            if let feed = state.feeds[key], feed.add(watcher) {
                state.watchers += 1
                return .success((feed, false))
            }
            guard state.feeds[key] != nil || state.feeds.count < limits.queries else {
                return .failure(.tooManyLiveQueries(limits.queries))
            }
            let feed = LiveFeed(live, engine: engine, gate: gate, limits: limits, counters: counters)
            _ = feed.add(watcher)
            state.feeds[key] = feed
            state.watchers += 1
            return .success((feed, true))
        }
        let (feed, isNew) = try result.get()
        if isNew { Task { await feed.run() } }
        return Ticket(watcher: watcher, feed: feed)
    }

    /// Lets a watcher go; does nothing for one that has gone.
    func leave(_ ticket: Ticket) {
        state.withLock { state in
            let (wasThere, isOver) = ticket.feed.remove(ticket.watcher)
            guard wasThere else { return }
            state.watchers -= 1
            let key = ticket.feed.query.key
            if isOver, state.feeds[key] === ticket.feed { state.feeds[key] = nil }
        }
    }

    /// Ends all streams and takes no new ones.
    func drain() {
        let feeds = state.withLock { state in
            state.isDraining = true
            return Array(state.feeds.values)
        }
        for feed in feeds { feed.end(with: nil) }
    }
}

extension Problem {
    static func tooManyWatchers(_ limit: Int) -> Problem {
        Problem(
            429, code: "too_many_watchers", title: "Too many live streams",
            detail: "\(limit) clients watch live queries, the most there may be (limit liveWatchers); ask again later.",
            retryAfterSeconds: WebLimits.retryAfterSeconds)
    }

    static func tooManyLiveQueries(_ limit: Int) -> Problem {
        Problem(
            429, code: "too_many_live_queries", title: "Too many different live queries",
            detail: "\(limit) different live queries are watched, the most there may be (limit liveQueries); "
                + "watch one that others watch, or ask again later.",
            retryAfterSeconds: WebLimits.retryAfterSeconds)
    }
}
