import Events
import Testing

@Suite("Properties")
struct PropertyTests {
    let harness = Harness()

    private func properties(_ object: String) throws -> [String: String] {
        let row = try harness.row("{\"event\":\"e\",\"visitor\":\"v\",\"props\":\(object)}")
        return row.filter { $0.key.hasPrefix("props.") }
    }

    @Test("Scalars keep their type, nulls are absent")
    func scalars() throws {
        let found = try properties(#"{"s":"x","empty":"","n":3,"t":true,"f":false,"none":null}"#)
        #expect(found == ["props.s": "x", "props.empty": "", "props.n": "#3", "props.t": "?true", "props.f": "?false"])
    }

    @Test("Nested objects flatten with dots to depth four")
    func nesting() throws {
        let found = try properties(#"{"cart":{"size":2,"a":{"b":{"c":"deep"}}},"empty":{},"e2":{"x":{"y":null}}}"#)
        #expect(found == ["props.cart.size": "#2", "props.cart.a.b.c": "deep"])
        #expect(try harness.code(#""props":{"a":{"b":{"c":{"d":{"e":1}}}}}"#) == .nestingTooDeep)
        #expect(try harness.code(#""props":{"a":{"b":{"c":{"d":1}}}}"#) == nil)
    }

    @Test("Arrays of scalars have several values, each once")
    func arrays() throws {
        let found = try properties(
            #"{"tags":["a","b","a",null],"one":["x"],"none":[],"nulls":[null],"mixed":[1,"1",true,1.0]}"#)
        #expect(found == ["props.tags": "a|b", "props.one": "x", "props.mixed": "#1|1|?true"])
        #expect(try harness.code(#""props":{"a":[[1]]}"#) == .invalidType)
        #expect(try harness.code(#""props":{"a":[{"b":1}]}"#) == .invalidType)
        let members = (0..<64).map(String.init).joined(separator: ",")
        #expect(try properties("{\"a\":[\(members)]}").count == 1)
        #expect(try harness.code("\"props\":{\"a\":[\(members),64]}") == .tooManyValues)
    }

    @Test("Of several properties of one name the last counts")
    func duplicates() throws {
        #expect(try properties(#"{"a":1,"a":"x"}"#) == ["props.a": "x"])
        #expect(try properties(#"{"a":1,"a":null}"#) == [:])
        #expect(try properties(#"{"a":1,"a":{"b":2}}"#) == ["props.a.b": "#2"])
        #expect(try properties(#"{"a":{"b":1},"a":{"c":2}}"#) == ["props.a.c": "#2"])
        #expect(try properties(#"{"a.b":1,"a":{"b":2}}"#) == ["props.a.b": "#2"])
        let many = (0..<200).map { "\"x\($0 % 20)\":\($0)" }.joined(separator: ",")
        let found = try properties("{\(many)}")
        #expect(found.count == 20)
        #expect(found["props.x7"] == "#187")
    }

    @Test("props is an object")
    func type() throws {
        for bad in ["1", "\"x\"", "[]", "true"] { #expect(try harness.code("\"props\":\(bad)") == .invalidType) }
        #expect(try harness.code("\"props\":null") == nil)
        #expect(try harness.code("\"props\":{}") == nil)
    }

    @Test("There are at most 64, nulls not counted")
    func count() throws {
        func object(_ count: Int) -> String {
            "{" + (0..<count).map { "\"p\($0)\":\($0)" }.joined(separator: ",") + ",\"none\":null}"
        }
        #expect(try properties(object(64)).count == 64)
        #expect(try harness.code("\"props\":\(object(65))") == .tooManyProperties)
        #expect(try harness.code("\"props\":\(object(3000))") == .tooManyProperties)
    }

    @Test("Names have 1 to 200 bytes, dots counted")
    func names() throws {
        let name = String(repeating: "n", count: 200)
        #expect(try properties("{\"\(name)\":1}").count == 1)
        for bad in [
            "{\"\(name)n\":1}", "{\"\":1}", "{\"a\":{\"\":1}}", "{\"\":{\"a\":1}}",
            "{\"\(name.prefix(100))\":{\"\(name.prefix(100))\":1}}", "{\"\(name)n\":{\"a\":1}}",
        ] {
            #expect(try harness.code("\"props\":\(bad)") == .propertyNameInvalid)
        }
        #expect(try properties("{\"\(name.prefix(100))\":{\"\(name.prefix(99))\":1}}").count == 1)
    }

    @Test("Values have at most 8,192 bytes, all properties together 32 KiB, an event 64 KiB")
    func sizes() throws {
        let text = String(repeating: "x", count: 8192)
        #expect(try properties("{\"a\":\"\(text)\"}")["props.a"] == text)
        #expect(try harness.code("\"props\":{\"a\":\"\(text)x\"}") == .valueTooLong)
        #expect(try harness.code("\"props\":{\"a\":[\"\(text)x\"]}") == .valueTooLong)
        let four = "\"a\":\"\(text)\",\"b\":\"\(text)\",\"c\":\"\(text)\",\"d\":\"\(text.dropLast(4))\""
        #expect(try harness.code("\"props\":{\(four)}") == nil)
        #expect(try harness.code("\"props\":{\(four),\"e\":1}") == .eventTooLarge)
        let padding = String(repeating: " ", count: 65_536 - smallest.utf8.count - 7)
        #expect(try harness.code("\"x\":1\(padding)") == nil)
        #expect(try harness.code("\"x\":1\(padding)  ") == .eventTooLarge)
        let large = String(repeating: "y", count: 70_000)
        let decoded = try harness.decode("[\(smallest),{\"event\":\"\(large)\"},\(smallest)]")
        #expect(decoded.rejections.map(\.code) == [.eventTooLarge])
        #expect(decoded.rejections.first?.raw.count == 64 << 10)
        #expect(decoded.rejections.first?.rawBytes ?? 0 > 64 << 10)
        #expect(decoded.accepted == 2)
    }

    @Test("F7: a site has a bounded number of names; what has another is kept with its name under one of them")
    func registry() throws {
        let harness = Harness(maxPropertyNames: 3)
        harness.decoder.propertyNames.register(site: "default", name: "a")
        let decoded = try harness.decode(
            #"""
            {"event":"1","props":{"a":1,"b":1}}
            {"event":"2","props":{"c":1,"d":1,"e":["x",true],"__overflow__":"mine"}}
            {"event":"3","props":{"c":1,"n":null}}
            {"event":"4","props":{"d":1}}
            {"event":"5","props":{"a":1,"b":2,"c":3}}
            {"event":"6","site":"other","props":{"d":1}}
            """#)
        #expect(decoded.rejections.isEmpty)
        #expect(decoded.overflowedProperties == 4)
        let rows = decoded.batches.flatMap(harness.rows)
        let overflow = [nil, "d=1|e=x|e=true|__overflow__=mine", nil, "d=1", nil, nil]
        #expect(rows.map { $0["props.__overflow__"] } == overflow)
        #expect(rows.map { $0["props.d"] } == [nil, nil, nil, nil, nil, "#1"])
        #expect(rows.map { $0["props.c"] } == [nil, "#1", "#1", nil, "#3", nil])
        #expect(harness.decoder.propertyNames.count(site: "default") == 3)
        harness.decoder.propertyNames.remove(site: "default")
        #expect(try harness.row(#"{"event":"e","props":{"d":1}}"#)["props.d"] == "#1")
    }

    @Test("F7: a hundred thousand names make no more columns than a site may have, and lose no value")
    func nameBomb() throws {
        let harness = Harness(maxPropertyNames: 50)
        let lines = (0..<2_000).map { line in
            let props = (0..<50).map { #""p\#(line * 50 + $0)":\#($0)"# }.joined(separator: ",")
            return #"{"event":"e","visitor":"v","props":{\#(props)}}"#
        }
        let decoded = try harness.decode(lines.joined(separator: "\n"))
        #expect(decoded.accepted == 2_000 && decoded.overflowedProperties == 1_999 * 50)
        let batch = try #require(decoded.batches.first)
        #expect(batch.columns.count { $0.name.hasPrefix("props.") } == 51)
        #expect(harness.rows(batch).last?["props.__overflow__"]?.split(separator: "|").count == 50)
    }

    @Test("F7: event names beyond the limit are counted under one, exactly, in a rehearsal too")
    func eventNames() throws {
        let names = PropertyNames(hash: Harness.hash, maxNamesPerSite: 2)
        let decoder = EventDecoder(
            hash: Harness.hash, propertyNames: PropertyNames(hash: Harness.hash), eventNames: names)
        let harness = Harness()
        let body = Array(#"[{"event":"a"},{"event":"b"},{"event":"c"},{"event":"d"},{"event":"a"},{"event":"c"}]"#.utf8)
        var context = harness.context
        context.isRehearsal = true
        let rehearsed = try decoder.decode(body, context: context)
        #expect(rehearsed.overflowedEvents == 3 && names.count(site: "default") == 0)
        let decoded = try decoder.decode(body, context: harness.context)
        #expect(decoded.overflowedEvents == 3)
        let rows = decoded.batches.flatMap(harness.rows)
        #expect(rows.map { $0["event"] } == ["a", "b", "__other__", "__other__", "a", "__other__"])
        // A body of another site has names of its own.
        let other = try decoder.decode(Array(#"{"event":"c","site":"other"}"#.utf8), context: harness.context)
        #expect(other.overflowedEvents == 0)
    }

    @Test("Columns of rows without a property stay aligned")
    func alignment() throws {
        let rows = try harness.rows(
            #"""
            {"event":"1","visitor":"v","props":{"a":1}}
            {"event":"2","visitor":"v"}
            {"event":"bad","visitor":"v","props":{"a":9,"b":[[]]}}
            {"event":"3","visitor":"v","props":{"b":2,"a":3}}
            """#)
        #expect(rows.map { $0["props.a"] } == ["#1", nil, "#3"])
        #expect(rows.map { $0["props.b"] } == [nil, nil, "#2"])
    }
}
