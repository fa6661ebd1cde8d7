import Queries
import TestSupport
import Testing

/// A runner that lets a wrong script pass proves nothing, so each way of being wrong is tried.
@Suite("The runner of the golden query scripts")
struct ScriptCanaryTests {
    private static let load = """
        # A rule.
        load
        {"event":"a","visitor":"v1","time":"2026-11-01T00:00:00Z"}
        {"event":"b","visitor":"v1","time":"2026-11-01T01:00:00Z"}


        """

    private func failures(_ text: String) async throws -> [String] {
        let script = try Script(name: "canary.weir", text: Self.load + text)
        return await ScriptPlayer(script: script) { _ in ReferenceTarget() }.play(seed: 1)
    }

    private func refusal(_ text: String) -> String? {
        do throws(ScriptError) {
            _ = try Script(name: "canary.weir", text: text)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("What holds passes, with members left out and numbers written otherwise")
    func passes() async throws {
        let found = try await failures(
            "query top\n{\"by\":\"event\"}\n\nexpect\n{\"rows\":[{\"key\":[\"a\"],\"events\":1.0},{\"visitors\":1}]}\n")
        #expect(found == [])
    }

    @Test(
        "A wrong expectation fails, with the script, the line, the variant and the difference",
        arguments: [
            (#"{"rows":[{"events":2},{}]}"#, "rows[0].events: expected 2, not 1"),
            (#"{"rows":[{}]}"#, "rows: expected 1 elements, not 2"),
            (#"{"rows":[{},{},{}]}"#, "rows: expected 3 elements, not 2"),
            (#"{"rows":[{"key":["b"]},{}]}"#, #"rows[0].key[0]: expected "b", not "a""#),
            (#"{"rows":[{"other":null},{}]}"#, "rows[0].other: expected null, which is missing"),
            (#"{"rows":[{"key":null},{}]}"#, "rows[0].key: expected null, not"),
            (#"{"rows":[{"events":"1"},{}]}"#, #"rows[0].events: expected "1", not 1"#),
        ])
    func wrong(expected: String, difference: String) async throws {
        let found = try await failures("query top\n{\"by\":\"event\"}\n\nexpect\n\(expected)\n")
        let first = try #require(found.first)
        #expect(first.hasPrefix("canary.weir:9: [as written] top: \(difference)"), "\(first)")
    }

    @Test("`expect exactly` wants every member, and `expect` only those given")
    func exactly() async throws {
        let some = #"{"metrics":{}}"#
        let query = "query aggregate\n{\"metrics\":[\"events\"]}\n\n"
        #expect(try await failures(query + "expect\n\(some)\n") == [])
        let found = try await failures(query + "expect exactly\n\(some)\n")
        #expect(found.first?.hasSuffix("metrics.events: expected nothing, not 2") == true, "\(found)")
    }

    @Test("An answer where a refusal is expected fails, and so does another refusal")
    func refusals() async throws {
        let script = try Script(name: "canary.weir", text: Self.load + "query top\n{}\n\nrefused invalid_query\n")
        let right = QueryError(.invalidQuery, "no")
        #expect(await ScriptPlayer(script: script) { _ in RefusingTarget(right) }.play(seed: 1) == [])
        let wrong = QueryError(.timeout, "late")
        let found = await ScriptPlayer(script: script) { _ in RefusingTarget(wrong) }.play(seed: 1)
        #expect(found.first?.contains("expected to be refused as invalid_query, not timeout") == true, "\(found)")
        #expect(try await !failures("query top\n{\"by\":\"event\"}\n\nrefused invalid_query\n").isEmpty)
    }

    @Test("An answer where none was expected to fail is named when the target refuses")
    func unexpectedRefusal() async throws {
        let script = try Script(name: "canary.weir", text: Self.load + "query top\n{}\n\nexpect\n{}\n")
        let late = QueryError(.timeout, "late")
        let found = await ScriptPlayer(script: script) { _ in RefusingTarget(late) }.play(seed: 1)
        #expect(found.first == "canary.weir:9: [as written] top: refused as timeout: late")
    }

    @Test("A target that loses what is sealed is found out although the script itself never seals")
    func variants() async throws {
        let script = try Script(
            name: "canary.weir",
            text: "# A rule.\nload\n{\"event\":\"page_view\",\"visitor\":\"v\",\"time\":1793491200000}\n\n"
                + "query aggregate\n{}\n\nexpect\n{\"metrics\":{\"events\":1}}\n")
        let found = await ScriptPlayer(script: script) { _ in FlawedTarget(.losesPageViewsOnFlush) }.play(seed: 1)
        #expect(found.first?.hasPrefix("canary.weir:8: [sealed after each load] aggregate: ") == true, "\(found)")
        let restarted = await ScriptPlayer(script: script) { _ in FlawedTarget(.losesLastEventOnRestart) }.play(seed: 1)
        #expect(restarted.first?.contains("[restarted before each query]") == true, "\(restarted)")
    }

    @Test(
        "A script that would prove less than it seems is refused",
        arguments: [
            ("load\n{}\n", "canary.weir:1: a script begins with a comment"),
            ("# A rule.\nload\n{\"event\":\"a\"}\n", "canary.weir:1: the script has no query"),
            ("# A rule.\n\nlaod\n{}\n", "canary.weir:3: `laod` is no block"),
            ("# A rule.\nload\n\nquery top\n", "canary.weir:2: `load` has no events"),
            ("# A rule.\nload\n{\n", "canary.weir:3: no JSON"),
            ("# A rule.\nquery top\n{}\n", "canary.weir:2: this query has no expectation after it"),
            ("# A rule.\nquery top\n{}\n\nseal\n\nexpect\n{}\n", "canary.weir:2: this query has no expectation"),
            ("# A rule.\nquery top\n{}\n\nexpect\n{\n", "canary.weir:5: no JSON"),
            ("# A rule.\nquery top\n{}\n\nexpect\n{}\n\nexpect\n{}\n", "canary.weir:8: an expectation stands right"),
            ("# A rule.\nseal now\n", "canary.weir:2: `seal now` is no block"),
            ("# A rule.\nseal\n{}\n", "canary.weir:2: `seal` has no body"),
            ("# A rule.\nquery top\n{}\n\nexpect roughly\n{}\n", "canary.weir:5: `expect roughly` is no block"),
        ])
    func malformed(text: String, reason: String) {
        let found = refusal(text)
        #expect(found?.hasPrefix(reason) == true, "\(found ?? "taken")")
    }

    @Test("A script is sealed at every single point, and its events stay the same in every variant")
    func points() throws {
        let events = (0..<5).map { "{\"event\":\"e\($0)\"}" }
        let rest = events[2...].joined(separator: "\n")
        let text = "# A rule.\nload\n\(events[0])\n\(events[1])\n\nseal\n\nload\n\(rest)\n\n"
        let script = try Script(name: "canary.weir", text: text + "query top\n{}\n\nexpect\n{}\n")
        for variant in ScriptVariant.all(of: script, seed: 7) {
            let loaded = variant.steps(of: script).flatMap { step -> [String] in
                if case .load(let lines) = step.content { lines } else { [] }
            }
            #expect(loaded.sorted() == events, "\(variant)")
            let seals = variant.steps(of: script).count { if case .seal = $0.content { true } else { false } }
            switch variant {
            case .unsealed: #expect(seals == 0)
            case .asWritten, .restarted, .shuffled, .sealedAfter: #expect(seals == 1, "\(variant)")
            case .sealedAfterEachLoad, .shuffledAndSealed: #expect(seals == 2)
            case .sealedAfterEachEvent, .compacted: #expect(seals == 5)
            }
        }
        let points = ScriptVariant.all(of: script, seed: 7).compactMap { variant -> Int? in
            if case .sealedAfter(let events) = variant { events } else { nil }
        }
        #expect(points == [1, 2, 3, 4, 5])
    }
}

/// Refuses every query.
private final class RefusingTarget: QueryTarget {
    private let error: QueryError

    init(_ error: QueryError) { self.error = error }

    func load(_ ndjsonLines: [String]) async throws {}
    func flush() async throws {}
    func restart() async throws {}
    func query(_ kind: String, _ json: String) async throws -> String { throw error }
}
