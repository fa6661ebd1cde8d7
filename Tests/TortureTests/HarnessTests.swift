import Foundation
import Glibc
import TestSupport
import Testing

extension Torture {
    @Suite("The harness itself", .timeLimit(.minutes(5)))
    struct HarnessTests {
        /// A descriptor closed twice takes away whatever another thread has opened in between.
        @Test("Connections that fail cost no other thread its files")
        func failedConnections() throws {
            let folder = try TemporaryFolder("descriptors")
            try concurrently(4) { thread in
                for round in 0..<500 {
                    if thread % 2 == 0 {
                        // Nobody listens there.
                        _ = try? HTTPConnection(port: 1)
                        continue
                    }
                    let path = "\(folder.path)/\(thread)-\(round)"
                    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
                    sched_yield()
                    let written = write(file, path, path.utf8.count)
                    let closed = close(file)
                    guard written == path.utf8.count, closed == 0 else {
                        throw HarnessError("\(path): wrote \(written), close \(closed)")
                    }
                }
            }
        }
    }
}
