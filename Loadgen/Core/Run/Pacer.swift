import NIOCore

/// When the bodies of an open loop are due: at even distances, whether or not the server keeps up.
///
/// Latency is measured from these times, so that a request which had to wait for a slow answer before it is charged for
/// the wait (no coordinated omission).
package struct Pacer: Sendable {
    private let start: NIODeadline
    private let interval: Double
    private var number: Int
    private let step: Int

    /// Creates the schedule of one of several senders that take turns.
    ///
    /// - Parameters:
    ///   - start: When the first body of all is due.
    ///   - bodiesPerSecond: Of all senders together; positive.
    ///   - sender: The number of this sender.
    ///   - senders: How many there are.
    package init(start: NIODeadline, bodiesPerSecond: Double, sender: Int, senders: Int) {
        self.start = start
        interval = 1e9 / bodiesPerSecond
        number = sender
        step = senders
    }

    /// When the next body is due.
    package var next: NIODeadline { start + .nanoseconds(Int64(Double(number) * interval)) }

    /// Goes on to the body after the next.
    package mutating func advance() { number += step }

    /// How many bodies from the next one on are due before a time.
    package func due(before deadline: NIODeadline) -> Int {
        let elapsed = Double((deadline - start).nanoseconds)
        let all = Int((elapsed / interval).rounded(.up))
        return all <= number ? 0 : (all - number + step - 1) / step
    }
}
