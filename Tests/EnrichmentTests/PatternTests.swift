import Enrichment
import Foundation
import Testing

@Suite("The patterns of user agents")
struct PatternTests {
    @Test(
        "What uap-core's own tests want of browsers, systems and devices is found",
        arguments: [
            ("test_ua.yaml", 1400), ("test_os.yaml", 450), ("test_device.yaml", 16_000),
        ])
    func agreesWithItsTests(file: String, least: Int) throws {
        let patterns = try PackagedPatterns.shared.get()
        #expect(patterns.unusable == 0)
        let cases = try PackagedPatterns.cases(file)
        #expect(cases.count >= least)
        var wrong: [String] = []
        for example in cases {
            let found = patterns.families(of: example.agent)
            let members =
                switch file {
                case "test_ua.yaml": ["family": found.browser]
                case "test_os.yaml": ["family": found.os]
                default: ["family": found.device, "brand": found.brand, "model": found.model]
                }
            for (name, value) in members where value != example.members[name, default: ""] {
                wrong.append("\(example.agent): \(name) \(value), not \(example.members[name] ?? "")")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count) of \(cases.count): \(wrong.prefix(20).joined(separator: "\n"))")
    }

    @Test("A file that is none is refused with its reason")
    func badFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weir-patterns-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let cases = [
            ("", "three lists"), ("a: [", "no YAML"), ("user_agent_parsers: 3", "three lists"),
            (
                "user_agent_parsers:\n  - regex: '('\nos_parsers:\n  - regex: 'a'\ndevice_parsers:\n  - regex: 'a'",
                "none"
            ),
            ("user_agent_parsers:\n  - family_replacement: 'a'", "three lists"),
        ]
        for (index, (text, reason)) in cases.enumerated() {
            let file = folder.appendingPathComponent("\(index).yaml")
            try Data(text.utf8).write(to: file)
            do {
                _ = try UserAgentPatterns(path: file.path)
                Issue.record("\(text) was taken")
            } catch {
                #expect(error.description.contains(reason), "\(error)")
            }
        }
        for path in [folder.path, folder.appendingPathComponent("missing").path] {
            #expect(throws: EnrichmentError.self) { try UserAgentPatterns(path: path) }
        }
    }

    @Test("Patterns that cannot be used are left out and counted")
    func unusable() throws {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-patterns-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        let text = """
            user_agent_parsers:
              - regex: '(?=look)ahead'
              - regex: '(Fast)(Fox)/(\\d+)'
                family_replacement: '$2 $1 $3'
              - regex: 'Fast'
                family_replacement: 'Slow'
            os_parsers:
              - regex: '(Any)OS'
            device_parsers:
              - regex: 'phone (\\S+)'
                regex_flag: 'i'
                device_replacement: ' The $1 '
                brand_replacement: '$1'
            """
        try Data(text.utf8).write(to: file)
        let patterns = try UserAgentPatterns(path: file.path)
        #expect(patterns.unusable == 1 && patterns.count == 4)
        let found = patterns.families(of: "FastFox/12 AnyOS PHONE x1")
        #expect(found.browser == "Fox Fast 12" && found.os == "Any" && found.device == "The x1")
        #expect(found.brand == "x1" && found.model == "x1")
        #expect(patterns.families(of: "Fast").browser == "Slow")
        #expect(patterns.families(of: "").browser == "Other")
    }

    @Test("Any text is read, however long and odd, and families stay short")
    func oddTexts() throws {
        let patterns = try PackagedPatterns.shared.get()
        let long = String(repeating: "ä/1 CFNetwork Android Build ", count: 400)
        for text in ["\u{0}", "ä", long, "é" + String(repeating: "ü", count: 300) + "/1 CFNetwork", "$1 $9"] {
            let agent = patterns.read(text)
            #expect(agent.browser.utf8.count <= 200 && agent.os.utf8.count <= 200, "\(text.prefix(20))")
            #expect(!agent.browser.contains("\u{FFFD}"))
        }
    }
}
