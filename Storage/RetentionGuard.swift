/// Decides which of a site's segments past their retention may be deleted, and which only after somebody has confirmed
/// it: a clock that is wrong, or a retention that was set wrongly, must not cost what cannot be got back.
///
/// Everything older than the *line* is given up. The line moves with the clock. As far as the monotonic clock bears that
/// out, what falls behind it goes, however much it is. What lies beyond that (after the program was stopped for a while,
/// a change of the clock or of the setting) goes as well if it is little: at most a day's worth, and at most a quarter
/// of the site's rows. More is held.
package struct RetentionGuard: Sendable, Equatable {
    /// What may go beyond what the time that passed explains, milliseconds of event time.
    package static let unexplainedTime: Int64 = 86_400_000
    /// One of this many rows of the site.
    package static let unexplainedShare = 4

    /// Segments or runs that are past the retention.
    package struct Candidate: Sendable {
        /// Time of the last event.
        var last: Int64
        var rows: Int

        package init(last: Int64, rows: Int) {
            self.last = last
            self.rows = rows
        }
    }

    /// What waits to be confirmed.
    package struct Held: Sendable, Equatable {
        package var segments = 0
        package var rows = 0
    }

    /// The line as it was last agreed on, Unix milliseconds.
    package private(set) var line: Int64
    /// When that was, monotonic milliseconds.
    private var since: Int64
    /// What waits to be confirmed.
    package private(set) var held = Held()

    /// Begins with a line that was agreed on.
    package init(line: Int64, monotonic: Int64) {
        self.line = line
        since = monotonic
    }

    /// Decides.
    ///
    /// - Parameters:
    ///   - candidates: what lies behind the line, the oldest first.
    ///   - line: where the line is by the clock.
    ///   - rows: all rows of the site.
    /// - Returns: how many of the candidates may go, from the first.
    package mutating func decide(
        _ candidates: [Candidate], line: Int64, rows: Int, monotonic: Int64
    ) -> Int {
        let explained = self.line + max(0, monotonic - since)
        let free = candidates.prefix { $0.last < explained }.count
        let beyond = candidates[free...]
        let isLittle =
            (beyond.last.map { $0.last < explained + Self.unexplainedTime } ?? true)
            && beyond.reduce(0) { $0 + $1.rows } * Self.unexplainedShare <= rows
        guard isLittle else {
            held = Held(segments: beyond.count, rows: beyond.reduce(0) { $0 + $1.rows })
            return free
        }
        agree(on: line, monotonic: monotonic)
        return candidates.count
    }

    /// Takes a line as agreed on: what is behind it may go.
    package mutating func agree(on line: Int64, monotonic: Int64) {
        self.line = line
        since = monotonic
        held = Held()
    }
}
