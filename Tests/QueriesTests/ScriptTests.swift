import Foundation
import TestSupport
import Testing

/// A script's file, shown by its name where a test fails.
struct ScriptFile: Sendable, CustomTestStringConvertible {
    let url: URL

    var testDescription: String { url.lastPathComponent }

    static let folder = Repository.root.appendingPathComponent("Queries/scripts")

    /// Every script there is, by name.
    static let all: [ScriptFile] = {
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "weir" }.sorted { $0.path < $1.path }.map(ScriptFile.init)
    }()
}

@Suite("The golden query scripts")
struct ScriptTests {
    @Test("Every script has the answers it states, however its events are stored", arguments: ScriptFile.all)
    func play(file: ScriptFile) async throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        let text = try String(contentsOf: file.url, encoding: .utf8)
        let script = try Script(name: file.testDescription, text: text)
        let player = ScriptPlayer(script: script) { StoreTarget(compacts: $0, takesEverything: true) }
        let failures = await player.play(seed: seed)
        try await StoreTarget.waitUntilClosed()
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    @Test("There are scripts, and nothing else but their description")
    func folder() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: ScriptFile.folder.path)
        let others = names.filter { !$0.hasSuffix(".weir") && $0 != "README.md" }
        #expect(others.isEmpty, "\(others)")
        #expect(ScriptFile.all.count >= 10)
    }
}
