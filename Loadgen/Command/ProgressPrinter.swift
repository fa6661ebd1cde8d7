import LoadgenCore
import Synchronization

/// Shows how a run goes: one line on a terminal's standard error, written over once a second.
final class ProgressPrinter: Sendable {
    private static let barWidth = 20

    private let previous = Mutex<RunProgress?>(nil)
    private let duration: Double?

    /// - Parameter duration: How long the run takes in seconds, for a bar; nil where that is not known.
    init(duration: Double?) {
        self.duration = duration
    }

    /// Shows the latest state.
    func show(_ progress: RunProgress) {
        let line = previous.withLock { previous in
            defer { previous = progress }
            return progress.line(since: previous)
        }
        // To the line's start, the line, and nothing behind it.
        printToStandardError("\r" + bar(progress.elapsedSeconds) + line + "\u{1B}[K")
    }

    /// Ends the line.
    func end() {
        if previous.withLock({ $0 != nil }) { printToStandardError("\n") }
    }

    private func bar(_ elapsed: Double) -> String {
        guard let duration, duration > 0 else { return "" }
        let done = min(Self.barWidth, Int(Double(Self.barWidth) * elapsed / duration))
        return "[" + String(repeating: "#", count: done) + String(repeating: ".", count: Self.barWidth - done) + "] "
    }
}
