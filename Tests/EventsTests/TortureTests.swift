import Events
import Testing

@Suite("Bad input of every kind")
struct TortureTests {
    let harness = Harness()

    private static let events = [
        #"{"event":"page_view","visitor":"v1","time":"2026-11-22T11:00:00.5Z","id":"i1","url":"https://a.de/p?utm_source=x%20y","value":1.5}"#,
        #"{"event":"ä😀\n\u00e4\ud83d\ude00","visitor":7,"id":"i1","props":{"a":{"b":[1,"x",null,true]},"c":1e3,"d":null}}"#,
        #"{"event":"c","site":"shop","user":1.5,"referrer":"http://[::1]:80/","props":{"deep":{"er":{"est":{"x":false}}}}}"#,
    ]

    private func isComplete(_ decoded: DecodedBody) -> Bool {
        let rows = decoded.batches.allSatisfy { batch in
            batch.rows > 0 && batch.times.count == batch.rows && batch.ids.count == batch.rows
                && batch.values.count == batch.rows && batch.nameCodes.count == batch.rows
                && batch.visitorCodes.count == batch.rows && batch.columns.allSatisfy { $0.codes.count <= batch.rows }
        }
        return rows && decoded.received == decoded.accepted + decoded.duplicates + decoded.rejections.count
    }

    @Test("Every truncation of lines costs at most the line that is cut")
    func truncatedLines() throws {
        let body = Array(TortureTests.events.joined(separator: "\n").utf8)
        let lineEnds = body.indices.filter { body[$0] == 10 }
        for length in 1..<body.count {
            let whole = lineEnds.filter { $0 <= length }.count
            do throws(DecodeError) {
                let decoded = try harness.decoder.decode(Array(body[..<length]), context: harness.context)
                #expect(isComplete(decoded))
                #expect(decoded.accepted + decoded.duplicates >= whole)
                #expect(decoded.rejections.count <= 1)
            } catch {
                #expect(whole == 0 && error.code == .invalidJSON && error.position == length)
            }
        }
    }

    @Test("No truncation of an array is an array")
    func truncatedArray() {
        let body = Array("[\(TortureTests.events.joined(separator: ", "))]".utf8)
        for length in 1..<body.count {
            do throws(DecodeError) {
                _ = try harness.decoder.decode(Array(body[..<length]), context: harness.context)
                Issue.record("An array cut to \(length) bytes was taken.")
            } catch {
                #expect(error.code == .invalidJSON)
            }
        }
    }

    @Test("Random changes to bodies never trap, and every event is accounted for")
    func mutations() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of the mutations: \(seed)")
        var random = SplitMix(state: seed)
        let bodies = [
            TortureTests.events.joined(separator: "\n"), "[\(TortureTests.events.joined(separator: ","))]",
            TortureTests.events[1],
        ].map { Array($0.utf8) }
        let interesting = Array("{}[]\",:\\\n\r 0123456789-+.eEtfnu\0".utf8) + [0xFF, 0xC3, 0xED, 0xF4, 0x80]
        for round in 0..<20_000 {
            var body = bodies[round % bodies.count]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let position = Int.random(in: 0..<max(1, body.count), using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0 where !body.isEmpty: body[position] = UInt8.random(in: .min ... .max, using: &random)
                case 1 where !body.isEmpty: body[position] = interesting.randomElement(using: &random) ?? 0
                case 2 where !body.isEmpty: body.remove(at: position)
                case 3: body.insert(interesting.randomElement(using: &random) ?? 0, at: min(position, body.count))
                default:
                    let end = min(body.count, position + Int.random(in: 0..<40, using: &random))
                    if position < end { body.append(contentsOf: body[position..<end]) }
                }
            }
            do throws(DecodeError) {
                let decoded = try harness.decoder.decode(body, context: harness.context)
                #expect(isComplete(decoded), "seed \(seed), round \(round)")
                #expect(decoded.rejections.allSatisfy { !$0.detail.isEmpty && $0.index < decoded.received })
            } catch {
                #expect(!error.detail.isEmpty)
            }
        }
    }

    @Test("The two JSON readers agree: what the fast one refuses the strict one explains")
    func agreement() {
        var random = SplitMix(state: 11)
        let alphabet = Array("{}[]\",:0e1-. tnul\\".utf8)
        for _ in 0..<200_000 {
            let inner = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 32
            }
            let line = Array("{\"event\":\"e\",\"x\":".utf8) + inner + Array("}".utf8)
            do throws(DecodeError) {
                _ = try harness.decoder.decode(line, context: harness.context)
            } catch {
                #expect(!error.detail.contains("the parser refused it"), "\(String(decoding: line, as: UTF8.self))")
            }
        }
    }

    @Test("A hundred thousand brackets cost neither the stack nor their neighbours")
    func deepNesting() throws {
        let depth = 100_000
        let open = String(repeating: "[", count: depth)
        let close = String(repeating: "]", count: depth)
        let deepObject = String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        #expect(throws: DecodeError.self) { try harness.decode(open) }
        #expect(try harness.decode(open + close).rejections.map(\.code) == [.eventTooLarge])
        #expect(try harness.decode(deepObject).rejections.map(\.code) == [.eventTooLarge])
        for count in [65, 1000, 30_000] {
            let nested = String(repeating: "[", count: count) + String(repeating: "]", count: count)
            #expect(try harness.code("\"x\":\(nested)") == .nestingTooDeep)
        }
        let decoded = try harness.decode("\(smallest)\n{\"event\":\"e\",\"x\":\(open)\n\(smallest)")
        #expect(decoded.rejections.map(\.code) == [.invalidJSON])
        #expect(decoded.accepted == 2)
        let sixtyThree = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        #expect(try harness.code("\"x\":\(sixtyThree)") == nil)
    }

    @Test(
        "Bytes that are no UTF-8 cost their event",
        arguments: [
            [0xFF], [0xC3], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) throws {
        let bad = Array("{\"event\":\"x".utf8) + bytes + Array("y\"}".utf8)
        let good = Array(smallest.utf8)
        let lines = try harness.decoder.decode(good + [10] + bad + [10] + good, context: harness.context)
        #expect(lines.rejections.map(\.code) == [.invalidUTF8] && lines.accepted == 2)
        #expect(lines.rejections.first?.raw == bad)
        let array = try harness.decoder.decode([91] + good + [44] + bad + [44] + good + [93], context: harness.context)
        #expect(array.rejections.map(\.code) == [.invalidUTF8] && array.accepted == 2)
        let outside = Array("{\"event\":\"x\",".utf8) + bytes + Array("}".utf8)
        let rejections = try harness.decoder.decode(good + [10] + outside, context: harness.context).rejections
        #expect(rejections.map(\.code) == [.invalidJSON])
    }

    @Test("A decoder reads nothing but its body", arguments: [1, 7, 63, 64, 65, 200])
    func padding(length: Int) throws {
        // What stands behind the body would complete it; it must not be taken for part of it.
        let body = Array((smallest + String(repeating: " ", count: length)).utf8) + Array("\n\(smallest)".utf8)
        let padded = body + [UInt8](repeating: UInt8(ascii: "x"), count: 64)
        let decoded = try padded.withUnsafeBytes { bytes in
            try harness.decoder.decode(
                UnsafeRawBufferPointer(rebasing: bytes[..<(smallest.utf8.count + length)]), context: harness.context)
        }
        #expect(decoded.received == 1 && decoded.accepted == 1)
    }
}
