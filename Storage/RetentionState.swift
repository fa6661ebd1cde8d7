/// What is known of time and of every site's retention; see ``Store/expire()``.
struct RetentionState: Sendable {
    /// The time that is believed.
    var clock: TrustedClock
    /// One a site that has a retention and was looked at.
    var guards: [UInt32: RetentionGuard] = [:]
    /// The lines and the time as they are on disk.
    var storedLines: [UInt32: Int64] = [:]
    var storedTime: Int64?
    /// The retention of sites, by number; numbers are never used again, so this never changes.
    var periods: [UInt32: Int64?] = [:]
    /// When sites were last looked at, monotonic milliseconds; `nil` when that is due.
    var lastPass: Int64?
    /// What was deleted since the store was opened.
    var deletedSegments = 0
    var deletedRows = 0

    /// Changes smaller than this are not written to disk, milliseconds.
    static let storedStep: Int64 = 3_600_000

    /// A site's guard. Where there is none yet, the line begins where nothing is behind it.
    func `guard`(
        of site: UInt32, line: Int64, oldest: Int64?, monotonic: Int64
    ) -> RetentionGuard {
        guards[site]
            ?? RetentionGuard(
                line: storedLines[site] ?? min(line, oldest ?? line), monotonic: monotonic)
    }
}

/// What a site's retention does now.
public struct RetentionReport: Sendable, Equatable {
    /// How long events are kept, milliseconds; `nil` for ever.
    public var period: Int64?
    /// Segments (and runs in flight) all of whose events are older, by the clock as it is now, and their events.
    public var dueSegments = 0
    public var dueEvents = 0
    /// How many of them wait to be confirmed.
    public var heldSegments = 0
    public var heldEvents = 0
}
