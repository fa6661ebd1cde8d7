import LoadgenCore
import Synchronization

/// Shows how a run goes, one line a second, on standard error.
final class ProgressPrinter: Sendable {
    private let previous = Mutex<RunProgress?>(nil)

    /// Prints a line.
    func show(_ progress: RunProgress) {
        let line = previous.withLock { previous in
            defer { previous = progress }
            return progress.line(since: previous)
        }
        printToStandardError(line + "\n")
    }
}
