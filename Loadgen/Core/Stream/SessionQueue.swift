/// The active sessions in the order of their next events: a heap of one 64-bit word a session.
///
/// A word is the time of the next event (milliseconds since the start, 40 bits) and the session's slot (24 bits), so
/// that comparing words orders by time, and equal times by slot, always in the same way.
struct SessionQueue: Sendable {
    /// The number of slots that a word can name.
    static let slotLimit = 1 << 24

    private var words: [UInt64] = []

    /// How many sessions are in the queue.
    var count: Int { words.count }

    /// The time of the earliest event, or nil when no session is active.
    @inline(__always)
    var earliest: Int64? { words.first.map { Int64($0 >> 24) } }

    /// The slot of the session whose event is the earliest. The queue must not be empty.
    @inline(__always)
    var earliestSlot: Int { Int(words[0] & 0xFF_FFFF) }

    @inline(__always)
    private static func word(_ time: Int64, _ slot: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: time) << 24 | UInt64(truncatingIfNeeded: slot)
    }

    /// Adds a session.
    ///
    /// - Complexity: O(log n).
    mutating func insert(time: Int64, slot: Int) {
        let word = Self.word(time, slot)
        words.append(word)
        var index = words.count - 1
        while index > 0 {
            let parent = (index - 1) / 4
            guard word < words[parent] else { break }
            words[index] = words[parent]
            index = parent
        }
        words[index] = word
    }

    /// Moves the earliest session to a later time.
    ///
    /// - Complexity: O(log n).
    mutating func moveEarliest(to time: Int64) {
        sink(Self.word(time, earliestSlot), count: words.count)
    }

    /// Takes the earliest session out.
    ///
    /// - Complexity: O(log n).
    mutating func removeEarliest() {
        guard let last = words.popLast(), !words.isEmpty else { return }
        sink(last, count: words.count)
    }

    /// Puts a word at the root and lets it sink to its place.
    private mutating func sink(_ word: UInt64, count: Int) {
        words.withUnsafeMutableBufferPointer { words in
            var index = 0
            while true {
                let firstChild = index &* 4 &+ 1
                guard firstChild < count else { break }
                var smallest = firstChild
                var child = firstChild &+ 1
                let end = min(firstChild &+ 4, count)
                while child < end {
                    if words[child] < words[smallest] { smallest = child }
                    child &+= 1
                }
                guard words[smallest] < word else { break }
                words[index] = words[smallest]
                index = smallest
            }
            words[index] = word
        }
    }
}
