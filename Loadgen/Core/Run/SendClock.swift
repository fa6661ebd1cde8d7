/// The wall clock as the bytes of a time, `2026-01-01T00:00:00.000Z`, formatted once a millisecond at most.
struct SendClock {
    private var formatter = TimeFormatter()
    private var milliseconds: Int64 = -1
    private var bytes = [UInt8](repeating: 0, count: TimeFormatter.length)

    /// The time now.
    mutating func text() -> [UInt8] {
        let now = wallClockMilliseconds()
        if now != milliseconds {
            milliseconds = now
            bytes.withUnsafeMutableBytes { block in
                guard var writer = LineWriter(block) else { return }
                formatter.append(now, to: &writer)
            }
        }
        return bytes
    }
}
