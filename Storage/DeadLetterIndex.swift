/// What is known of one site's dead letters without reading them: where they are, why they were refused, and what they
/// take. 24 bytes a letter.
struct DeadLetterIndex: Sendable {
    struct Entry: Sendable {
        var sequence: UInt64
        /// When it came, Unix milliseconds.
        var time: Int64
        /// Bytes of its block.
        var bytes: UInt32
        /// Its reason, an index of ``reasons``.
        var reason: UInt16
    }

    /// A reason and how many letters have it.
    struct Reason: Sendable {
        var code: String
        var count = 0
    }

    /// What a site may keep.
    struct Limits: Sendable {
        var letters: Int
        var bytes: Int
    }

    /// In order of receipt; those before ``head`` are gone.
    private var entries: [Entry] = []
    private var head = 0
    /// Every reason met so far.
    private(set) var reasons: [Reason] = []
    /// Bytes of all blocks.
    private(set) var bytes = 0

    /// Number of letters.
    var count: Int { entries.count - head }
    /// The letters in order of receipt.
    var all: ArraySlice<Entry> { entries[head...] }
    /// When the oldest came.
    var oldest: Int64? { head < entries.count ? entries[head].time : nil }

    /// When the newest came.
    var newest: Int64? { entries.last?.time }

    /// Different reasons of one site that are told apart; further ones count under the last one. There are a few dozen codes.
    private static let maxReasons = 512

    private mutating func reason(_ code: String) -> UInt16 {
        if let known = reasons.firstIndex(where: { $0.code == code }) { return UInt16(known) }
        if reasons.count < Self.maxReasons { reasons.append(Reason(code: code)) }
        return UInt16(reasons.count - 1)
    }

    /// Adds a letter behind all others.
    mutating func append(sequence: UInt64, time: Int64, bytes: Int, code: String) {
        let reason = reason(code)
        reasons[Int(reason)].count += 1
        self.bytes += bytes
        entries.append(
            Entry(sequence: sequence, time: time, bytes: UInt32(clamping: bytes), reason: reason))
    }

    /// Drops the oldest letters beyond the limits, at most `most` of them; the newest one stays whatever its size.
    ///
    /// - Returns: their sequences.
    mutating func dropBeyond(_ limits: Limits, most: Int) -> [UInt64] {
        var gone: [UInt64] = []
        while count > max(1, limits.letters) || (bytes > limits.bytes && count > 1), gone.count < most {
            gone.append(dropOldest())
        }
        tidy()
        return gone
    }

    /// Drops letters that came before `line`, at most `most` of them.
    mutating func drop(before line: Int64, most: Int) -> [UInt64] {
        var gone: [UInt64] = []
        while let oldest, oldest < line, gone.count < most { gone.append(dropOldest()) }
        tidy()
        return gone
    }

    private mutating func dropOldest() -> UInt64 {
        let entry = entries[head]
        head += 1
        bytes -= Int(entry.bytes)
        reasons[Int(entry.reason)].count -= 1
        return entry.sequence
    }

    /// Gives the memory of what is gone back once it is half of all.
    private mutating func tidy() {
        guard head > 64, head > entries.count / 2 else { return }
        entries.removeFirst(head)
        head = 0
    }

    private func index(of sequence: UInt64) -> Int? {
        var low = head
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].sequence == sequence ? low : nil
    }

    /// Whether a letter is kept.
    func contains(_ sequence: UInt64) -> Bool { index(of: sequence) != nil }

    /// Takes letters out.
    ///
    /// - Complexity: O(letters kept).
    mutating func remove(_ sequences: Set<UInt64>) {
        guard !sequences.isEmpty else { return }
        var kept: [Entry] = []
        kept.reserveCapacity(count)
        for entry in all {
            if sequences.contains(entry.sequence) {
                bytes -= Int(entry.bytes)
                reasons[Int(entry.reason)].count -= 1
            } else {
                kept.append(entry)
            }
        }
        entries = kept
        head = 0
    }

    /// Notes that a letter has another reason and size now.
    mutating func replace(_ sequence: UInt64, bytes new: Int, code: String) {
        guard let index = index(of: sequence) else { return }
        let reason = reason(code)
        reasons[Int(entries[index].reason)].count -= 1
        reasons[Int(reason)].count += 1
        bytes += new - Int(entries[index].bytes)
        entries[index].reason = reason
        entries[index].bytes = UInt32(clamping: new)
    }
}
