/// A time of day that does not run ahead of the time that really passes.
///
/// What is deleted because of its age is gone, so a clock that jumps ahead must not be able to delete. While the program
/// runs, the time of day is believed only as far as the monotonic clock bears it out; a clock that steps back is
/// believed at once, since that deletes nothing.
package struct TrustedClock: Sendable, Equatable {
    /// How far the time of day may get ahead of the time that passed, milliseconds.
    package static let slack: Int64 = 600_000

    private var wall: Int64
    private var monotonic: Int64

    /// Believes the time of day as it is now.
    package init(wall: Int64, monotonic: Int64) {
        self.wall = wall
        self.monotonic = monotonic
    }

    /// The time that is believed.
    package func now(wall: Int64, monotonic: Int64) -> Int64 {
        min(wall, self.wall + max(0, monotonic - self.monotonic) + Self.slack)
    }
}
