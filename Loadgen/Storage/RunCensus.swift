import Storage

/// Counts, again and again while a stream comes in, how many sorted runs the rows of an event name lie in: what a query
/// of 30 days has to read in turns.
struct RunCensus: Codable, Sendable {
    /// Days a query looks back.
    static let days = 30

    /// One count.
    struct Count: Codable, Sendable {
        /// When it was taken, Unix milliseconds of the stream.
        var time: Int64
        var name: String
        /// Segments and runs that hold the name and overlap the range.
        var runs: Int
        /// Of these: not sealed, and sealed by the length of their bucket.
        var inFlight: Int
        var hours: Int
        var days: Int
        var months: Int
    }

    /// The worst.
    var worst: Count?
    /// The most runs of any name, at each count.
    private(set) var most: [Int] = []

    /// The middle of ``most``.
    var median: Int { most.median ?? 0 }

    /// Counts the runs of every name of a site.
    mutating func take(_ store: Store, site: String) {
        let snapshot = store.snapshot(site: site)
        guard let last = snapshot.last else { return }
        let from = last - Int64(Self.days) * 86_400_000
        var counts: [[UInt8]: Count] = [:]
        for segment in snapshot.segments where segment.header.last >= from {
            for name in segment.header.names {
                let key = Array(name.name.utf8)
                var count =
                    counts[key]
                    ?? Count(time: last, name: name.name, runs: 0, inFlight: 0, hours: 0, days: 0, months: 0)
                count.runs += 1
                switch segment.header.bucket.level {
                case .none: count.inFlight += 1
                case .hour: count.hours += 1
                case .day: count.days += 1
                case .month: count.months += 1
                }
                counts[key] = count
            }
        }
        guard let top = counts.values.max(by: { ($0.runs, $1.name) < ($1.runs, $0.name) }) else { return }
        most.append(top.runs)
        if top.runs > worst?.runs ?? 0 { worst = top }
    }
}
