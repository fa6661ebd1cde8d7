/// What was removed on purpose since the store was opened, for the metrics.
struct Removals: Sendable {
    /// Visitors erased, and how many events and refused events that removed.
    var erasures = 0
    var erasedEvents = 0
    var erasedDeadLetters = 0
    /// Sites deleted.
    var sites = 0
}
