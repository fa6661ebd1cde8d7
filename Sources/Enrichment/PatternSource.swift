import Dispatch
import Foundation
import Logging
import Synchronization

/// The patterns of user agents, read on a thread of their own, so that a server that starts does not wait for them.
final class PatternSource: Sendable {
    private let isRead = DispatchGroup()
    private let result = Mutex<UserAgentPatterns?>(nil)

    init(path: String, logger: Logger) {
        isRead.enter()
        let thread = Thread { [self] in
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
            isRead.leave()
        }
        thread.name = "weir-agents"
        thread.start()
    }

    /// The patterns, `nil` where they could not be read. Waits while they are being read.
    var patterns: UserAgentPatterns? {
        isRead.wait()
        return result.withLock { $0 }
    }

    /// How many patterns there are by now.
    var count: Int { result.withLock { $0?.count } ?? 0 }
}
