import Dispatch
import Foundation
import Logging
import Synchronization

/// The patterns of user agents, read on a thread of their own when they are first wanted, or when the server has been up
/// for a moment: a start does not wait for them, and a process that ends soon does not pay for them.
final class PatternSource: Sendable {
    private static let delay: DispatchTimeInterval = .seconds(1)
    private static let sources = Mutex<[String: PatternSource]>([:])

    private let wanted = DispatchSemaphore(value: 0)
    private let isRead = DispatchGroup()
    private let result = Mutex<UserAgentPatterns?>(nil)

    /// The patterns of a file. They are read once in a process: nothing changes them, and stores can share them.
    static func at(_ path: String, logger: Logger) -> PatternSource {
        sources.withLock { sources in
            if let known = sources[path] { return known }
            let new = PatternSource(path: path, logger: logger)
            sources[path] = new
            return new
        }
    }

    private init(path: String, logger: Logger) {
        isRead.enter()
        let thread = Thread { [self] in
            _ = wanted.wait(timeout: .now() + PatternSource.delay)
            read(path, logger)
            isRead.leave()
        }
        thread.name = "weir-agents"
        thread.start()
    }

    private func read(_ path: String, _ logger: Logger) {
        do throws(EnrichmentError) {
            let patterns = try UserAgentPatterns(path: path)
            if patterns.unusable > 0 {
                logger.warning(
                    "Some patterns of user agents cannot be used and are left out.",
                    metadata: ["patterns": "\(patterns.unusable)", "file": "\(path)"])
            }
            result.withLock { $0 = patterns }
        } catch {
            logger.warning("browser, os, device and bot stay empty: \(error.description)")
        }
    }

    /// The patterns, `nil` where they could not be read. Waits while they are being read.
    var patterns: UserAgentPatterns? {
        if let patterns = result.withLock({ $0 }) { return patterns }
        wanted.signal()
        isRead.wait()
        return result.withLock { $0 }
    }

    /// How many patterns there are by now.
    var count: Int { result.withLock { $0?.count } ?? 0 }
}
