import Foundation
import TestSupport
import Testing

/// The programs that these tests need, where they are installed.
enum BrowserPrograms {
    static let python = find("python3")
    static let isPossible = find("chromium") != nil && python != nil

    private static func find(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// The beacon and the dashboard in a real browser, which scripts drive over the DevTools protocol.
///
/// Chromium, Python 3 and nothing else: the protocol goes through a pipe. Pictures of all views are kept in
/// `.build/browser`, for people to look at.
@Suite(
    "In a browser", .serialized,
    .enabled(if: BrowserPrograms.isPossible, "needs Chromium and Python 3: apt-get install chromium python3"),
    .timeLimit(.minutes(15)))
struct BrowserTests {
    private func run(_ check: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let scripts = Repository.root.appendingPathComponent("Tests/BrowserTests/Scripts").path
        let process = try ChildProcess.run(
            try #require(BrowserPrograms.python),
            [
                "-u", scripts + "/run.py", check, try Repository.program("weir"), try Repository.program("loadgen"),
                Repository.root.appendingPathComponent(".build/browser").path,
            ], seconds: 860)
        #expect(
            process.exitCode == 0 && process.output.hasSuffix("passed\n"), "\(process.output)\(process.errors)",
            sourceLocation: sourceLocation)
    }

    @Test("A site's pages send exactly what happened on them, with and without a network")
    func beacon() throws {
        try run("beacon")
    }

    @Test("The dashboard shows the API's numbers, stays live, and can be used by everybody")
    func dashboard() throws {
        try run("dashboard")
    }

    @Test("A site with keys is shown to who has one, and the key to nobody")
    func keys() throws {
        try run("keys")
    }

    @Test("A newcomer on a phone finds where mobile visitors drop off, and shares the link")
    func walk() throws {
        try run("walk")
    }

    @Test(
        "Every panel shows the API's numbers of the shared shop, filtered by a click too, and its known funnels",
        .enabled(if: Repository.hasShared, "needs the shared data"))
    func shop() throws {
        try run("shop")
    }
}
