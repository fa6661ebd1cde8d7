/// One line on a terminal that is written over again and again.
public struct ProgressLine: Sendable {
    private let console: Console
    private let total: Int
    private let start = ContinuousClock.now

    /// Creates a line for `total` bytes, -1 where the end is not known.
    public init(console: Console, total: Int) {
        self.console = console
        self.total = total
    }

    /// Shows how far it is.
    func show(bytes: Int, events: Int) {
        let elapsed = start.duration(to: .now) / .seconds(1)
        console.error(
            Array("\r\(Self.text(bytes: bytes, total: total, events: events, seconds: elapsed))\u{1b}[K".utf8))
    }

    /// Removes the line.
    func clear() {
        console.error(Array("\r\u{1b}[K".utf8))
    }

    /// The line: a bar and the share of the bytes where the end is known, events a second, the time that is left.
    public static func text(bytes: Int, total: Int, events: Int, seconds: Double) -> String {
        let rate = seconds > 0 ? Int(Double(events) / seconds) : 0
        let counts = "\(events) events, \(rate)/s"
        guard total > 0 else { return "\(size(bytes)) read, \(counts)" }
        let share = min(Double(bytes) / Double(total), 1)
        let width = 24
        let filled = Int(share * Double(width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        var line = "[\(bar)] \(Int(share * 100))% of \(size(total)), \(counts)"
        if share > 0.01, share < 1, seconds > 1 {
            line += ", \(duration(seconds / share - seconds)) left"
        }
        return line
    }

    private static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<(10 << 10): "\(bytes) B"
        case ..<(10 << 20): "\(bytes >> 10) KiB"
        case ..<(10 << 30): "\(bytes >> 20) MiB"
        default: "\(bytes >> 30) GiB"
        }
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded(.up))
        switch whole {
        case ..<90: return "\(whole)s"
        case ..<5400: return "\((whole + 30) / 60)m"
        default: return "\(whole / 3600)h \(whole % 3600 / 60)m"
        }
    }
}
