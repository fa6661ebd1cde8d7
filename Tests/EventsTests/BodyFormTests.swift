import Events
import Testing

@Suite("Forms of a body")
struct BodyFormTests {
    let harness = Harness()

    @Test(
        "One object, an array and lines are told apart by their content",
        arguments: [
            (smallest, 1),
            ("  \r\n\t\(smallest)\n\n", 1),
            ("\u{FEFF}\(smallest)", 1),
            ("{\n  \"event\": \"e\",\n  \"visitor\": \"v\",\n  \"props\": {\n    \"a\": 1\n  }\n}\n", 1),
            ("[\(smallest)]", 1),
            ("[]", 0),
            (" [ \n ] ", 0),
            ("[\(smallest), \(smallest)\n,\(smallest)]", 3),
            ("\u{FEFF}[\(smallest)]", 1),
            ("\(smallest)\n\(smallest)", 2),
            ("\(smallest)\n\(smallest)\n", 2),
            ("\(smallest)\r\n\r\n\(smallest)\r\n", 2),
            ("\n\n  \n\(smallest)\n   \n\n\(smallest)", 2),
        ])
    func forms(body: String, count: Int) throws {
        let decoded = try harness.decode(body)
        #expect(decoded.received == count)
        #expect(decoded.accepted == count)
        #expect(decoded.rejections.isEmpty)
    }

    @Test(
        "A body with nothing in it is an error of its own", arguments: ["", " ", "\n\r\n\t ", "\u{FEFF}", "\u{FEFF}\n"])
    func empty(body: String) {
        #expect(throws: DecodeError.self) { try harness.decode(body) }
        #expect(error(body)?.code == .emptyBody)
    }

    @Test(
        "A body that is not JSON as a whole is refused, with the place",
        arguments: [
            ("abc", 0), ("{", 1), ("{\"event\":\"e\"", 12), ("{\"event\":\"e\",}", 13), ("{\"event\":tru}", 9),
            ("[", 1), ("[\(smallest)", 28), ("[\(smallest),]", 29), ("[,\(smallest)]", 1), ("[\(smallest)] x", 30),
            ("[\(smallest)}", 28), ("[\(smallest) \(smallest)]", 29), ("[{\"a\":1]", 7),
            ("[\(smallest),{\"a\":01}]", 34),
            ("[]]", 2), ("[[\(smallest)]", 30), ("{\"a\":\"\u{1}\"}", 6), ("{'event':'e'}", 1), ("[nul]", 1),
        ])
    func broken(body: String, position: Int) {
        let failure = error(body)
        #expect(failure?.code == .invalidJSON)
        #expect(failure?.position == position, "\(failure?.detail ?? "")")
    }

    @Test("A body that is one scalar is refused", arguments: ["42", "\"event\"", "true", "null", " -1.5e3 ", "1e400"])
    func scalar(body: String) {
        #expect(error(body)?.code == .notAnObject)
    }

    @Test("A bad line costs itself only, and its number counts lines that are not blank")
    func badLines() throws {
        let decoded = try harness.decode(
            "\(smallest)\n\nnot json\n{\"event\":\n\(smallest)\n42\n[\(smallest)]\n\(smallest)")
        #expect(decoded.received == 7)
        #expect(decoded.accepted == 3)
        #expect(decoded.rejections.map(\.index) == [1, 2, 4, 5])
        #expect(decoded.rejections.map(\.code) == [.invalidJSON, .invalidJSON, .notAnObject, .notAnObject])
        #expect(decoded.rejections[0].raw == Array("not json".utf8))
    }

    @Test("Several lines of which none is JSON are so many rejections, not an error")
    func onlyBadLines() throws {
        let decoded = try harness.decode("event,visitor\na,b\nc,d\n")
        #expect(decoded.received == 3)
        #expect(decoded.rejections.map(\.code) == [.invalidJSON, .invalidJSON, .invalidJSON])
    }

    @Test("An object over several lines whose value cannot be held is one rejection")
    func badValueOverLines() throws {
        let decoded = try harness.decode("{\n\"event\":\"e\",\n\"value\":1e400\n}")
        #expect(decoded.received == 1)
        #expect(decoded.rejections.map(\.code) == [.invalidNumber])
    }

    @Test(
        "In an array, an element whose value cannot be held costs itself only",
        arguments: [
            ("{\"event\":\"bad\",\"value\":1e400}", RejectionCode.invalidNumber),
            ("{\"event\":\"bad\",\"value\":1234567890123456789012345678901234567890}", .invalidNumber),
            ("{\"event\":\"bad\",\"title\":\"\\ud800\"}", .invalidUTF8),
            ("{\"event\":\"bad\",\"title\":\"\\udc00x\"}", .invalidUTF8),
            (
                "{\"event\":\"bad\",\"x\":" + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
                    + "}",
                .nestingTooDeep
            ),
            ("\"bad\"", .notAnObject), ("17", .notAnObject), ("[\(smallest)]", .notAnObject), ("null", .notAnObject),
        ])
    func badElement(element: String, code: RejectionCode) throws {
        let decoded = try harness.decode("[\(smallest),\(element),\(smallest)]")
        #expect(decoded.received == 3)
        #expect(decoded.accepted == 2)
        #expect(decoded.rejections.map(\.code) == [code])
        #expect(decoded.rejections.first?.index == 1)
        #expect(decoded.rejections.first?.raw == Array(element.utf8))
    }

    @Test("An element with a bad value and broken grammar behind it breaks the array")
    func badValueAndGrammar() {
        #expect(error("[{\"event\":\"e\",\"value\":1e400,}]")?.code == .invalidJSON)
    }

    @Test("Brackets and quotes in strings do not mislead the splitting of an array")
    func brackets() throws {
        let tricky = #"{"event":"]},[{\"","visitor":"a\\","title":"\\\"],"}"#
        let rows = try harness.rows("[\(tricky),\(tricky)]")
        #expect(rows.count == 2)
        #expect(rows[1]["event"] == "]},[{\"")
        #expect(rows[1]["title"] == "\\\"],")
    }

    @Test("The same decoder reads one body after another")
    func reuse() throws {
        for _ in 0..<3 {
            #expect(error("[") != nil)
            #expect(try harness.rows("\(smallest)\nx\n\(smallest)").count == 2)
        }
    }

    private func error(_ body: String) -> DecodeError? {
        do throws(DecodeError) {
            _ = try harness.decode(body)
            return nil
        } catch {
            return error
        }
    }
}
