/// Puts the events of one visitor, which stand in order of time, into the order of session and time.
///
/// The rule is that of ``Sessions``; this form keeps its memory from visitor to visitor, so that an event costs no
/// allocation.
struct SessionOrder {
    /// Positions of the events, session by session, each in order of time.
    private(set) var positions: [Int32] = []
    /// Where each session ends in ``positions``; the next one begins there.
    private(set) var ends: [Int32] = []
    private var sessionOf: [Int32] = []
    private var named: [UInt64: Int32] = [:]

    /// Number of sessions.
    var count: Int { ends.count }

    /// The range of a session in ``positions``.
    func range(_ session: Int) -> Range<Int> {
        (session == 0 ? 0 : Int(ends[session - 1]))..<Int(ends[session])
    }

    /// Splits events `0..<count`.
    ///
    /// - Parameters:
    ///   - time: the event time of a position.
    ///   - id: the hash of its session id, 0 for none.
    /// - Complexity: O(events).
    @inline(__always)
    mutating func split(_ count: Int, _ time: (Int) -> Int64, _ id: (Int) -> UInt64) {
        sessionOf.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        if !named.isEmpty { named.removeAll(keepingCapacity: true) }
        var derived: (session: Int32, last: Int64)?
        for position in 0..<count {
            let id = id(position)
            let session: Int32
            if id != 0 {
                session = named[id] ?? Int32(ends.count)
                named[id] = session
            } else {
                let now = time(position)
                if let open = derived, now &- open.last <= SessionScan.inactivity {
                    session = open.session
                } else {
                    session = Int32(ends.count)
                }
                derived = (session, now)
            }
            if Int(session) == ends.count { ends.append(0) }
            ends[Int(session)] &+= 1
            sessionOf.append(session)
        }
        // Counting sort: from lengths to starts, and from there to ends.
        var start: Int32 = 0
        for session in ends.indices {
            let length = ends[session]
            ends[session] = start
            start &+= length
        }
        positions.fill(0, count: count)
        for position in 0..<count {
            let session = Int(sessionOf[position])
            positions[Int(ends[session])] = Int32(position)
            ends[session] &+= 1
        }
    }
}
