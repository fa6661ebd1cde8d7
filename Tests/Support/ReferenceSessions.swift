/// One visitor's session.
struct ReferenceSession {
    var first: Int64
    var last: Int64
    var pageViews: [Int64] = []

    /// One page view and nothing after it.
    var isBounce: Bool {
        guard let only = pageViews.first, pageViews.count == 1 else { return false }
        return last <= only
    }
}

/// The sessions of a site, from all of its events.
struct ReferenceSessions {
    /// Inactivity that ends a session without an id, milliseconds.
    static let gap: Int64 = 1_800_000

    /// Session of each event, by the event's index.
    private(set) var ordinals: [Int]
    private(set) var sessions: [ReferenceSession] = []

    init(_ events: [ReferenceEvent]) {
        ordinals = Array(repeating: -1, count: events.count)
        var explicit: [[Text]: Int] = [:]
        var latest: [Text: (ordinal: Int, time: Int64)] = [:]
        for index in events.indices.sorted(by: { events[$0].time < events[$1].time }) {
            let event = events[index]
            let ordinal: Int
            if let id = event.session {
                ordinal = explicit[[event.visitor, id]] ?? sessions.count
                explicit[[event.visitor, id]] = ordinal
            } else if let known = latest[event.visitor], event.time - known.time <= ReferenceSessions.gap {
                ordinal = known.ordinal
                latest[event.visitor] = (ordinal, event.time)
            } else {
                ordinal = sessions.count
                latest[event.visitor] = (ordinal, event.time)
            }
            if ordinal == sessions.count { sessions.append(ReferenceSession(first: event.time, last: event.time)) }
            sessions[ordinal].last = event.time
            if event.name == Reference.pageView { sessions[ordinal].pageViews.append(event.time) }
            ordinals[index] = ordinal
        }
    }
}
