import Events
import Queries
import Testing

@Suite("Filters")
struct RequestFilterTests {
    private func filter(_ json: String) throws -> Filter? {
        try Query.parse(kind: "schema", json: Array("{\"where\":\(json)}".utf8)).common.filter
    }

    private func test(_ json: String) throws -> Filter.Test {
        guard case .test(let test) = try filter(json) else { throw QueryError(.invalidQuery, "no test") }
        return test
    }

    private let germany = Filter.test(Filter.Test(dimension: .field(.country), op: .is, values: ["DE"]))
    private let docs = Filter.test(Filter.Test(dimension: .field(.path), op: .startsWith, values: ["/docs"]))

    @Test("The forms can nest in each other")
    func forms() throws {
        let de = #"{"dim":"country","values":["DE"]}"#
        let path = #"{"dim":"path","op":"starts_with","value":"/docs"}"#
        #expect(try filter("[]") == nil)
        #expect(try filter(de) == germany)
        #expect(try filter("[\(de)]") == germany)
        #expect(try filter("[\(de),\(path)]") == .all([germany, docs]))
        #expect(try filter("{\"all\":[\(de),\(path)]}") == .all([germany, docs]))
        #expect(
            try filter("[\(de),{\"any\":[\(path),{\"not\":\(de)}]}]") == .all([germany, .any([docs, .not(germany)])]))
        #expect(try filter("{\"not\":[\(de),\(path)]}") == .not(.all([germany, docs])))
        #expect(try filter("{\"any\":[[\(de),\(path)],\(de)]}") == .any([.all([germany, docs]), germany]))
        #expect(
            try filter("[\(de),{\"any\":[\(path),{\"not\":\(de)}]}]")?.dimensions == [.field(.country), .field(.path)])
    }

    @Test("Values become the text under which events hold them")
    func canonicalValues() throws {
        let read = try test(
            #"{"dim":"props.n","values":[3,3.0,"3.0",true,1e21,18446744073709551615,"",0.5,-0.0,null]}"#)
        #expect(read.values == ["3", "3", "3.0", "true", "1e+21", "18446744073709551615", "", "0.5", "0"])
        #expect(read.includesNull)
        #expect(read.op == .is)
        #expect(read.dimension == .property("n"))
    }

    @Test("One value may stand alone, and null means missing")
    func singleValues() throws {
        #expect(try test(#"{"dim":"path","value":"x"}"#).values == ["x"])
        #expect(try test(#"{"dim":"path","values":"x"}"#).values == ["x"])
        for json in [
            #"{"dim":"path","value":null}"#, #"{"dim":"path","values":null}"#, #"{"dim":"path","values":[null]}"#,
        ] {
            let read = try test(json)
            #expect(read.includesNull)
            #expect(read.values.isEmpty)
        }
        #expect(try test(#"{"dim":"path","values":null,"value":"x"}"#).values == ["x"])
    }

    @Test("exists takes nothing, true or false")
    func exists() throws {
        #expect(try test(#"{"dim":"path","op":"exists"}"#).expectsValue)
        #expect(try test(#"{"dim":"path","op":"exists","values":[]}"#).expectsValue)
        #expect(try test(#"{"dim":"path","op":"exists","values":[true]}"#).expectsValue)
        #expect(try !test(#"{"dim":"path","op":"exists","values":[false]}"#).expectsValue)
        #expect(try !test(#"{"dim":"path","op":"exists","value":false}"#).expectsValue)
    }

    @Test("gt and its kin compare numbers, also those written as text", arguments: ["gt", "gte", "lt", "lte"])
    func numbers(op: String) throws {
        let read = try test("{\"dim\":\"props.n\",\"op\":\"\(op)\",\"values\":[5,\"2.5\",1e3]}")
        #expect(read.op.rawValue == op)
        #expect(read.numbers == [5, 2.5, 1_000])
    }

    @Test("Times are compared as instants")
    func times() throws {
        let read = try test(#"{"dim":"time","op":"gte","values":["2026-11-01T00:00:00Z",5]}"#)
        #expect(read.numbers == [1_793_491_200_000, 5])
        #expect(read.values == ["1793491200000", "5"])
        #expect(try test(#"{"dim":"time","op":"is","value":7}"#).numbers == [7])
        #expect(try test(#"{"dim":"time","op":"starts_with","value":"17"}"#).values == ["17"])
    }

    @Test("A test of the measure knows which of its texts are numbers")
    func measure() throws {
        #expect(try test(#"{"dim":"value","values":[3,"2.5","3.0","x"]}"#).numbers == [3, 2.5])
    }

    @Test("Patterns are compiled in their order")
    func patterns() throws {
        let read = try test(#"{"dim":"path","op":"matches","values":["^/p/[0-9]+$","docs"]}"#)
        #expect(read.patterns.map(\.source) == ["^/p/[0-9]+$", "docs"])
        #expect(read.patterns[0].matches("/p/12"))
        #expect(!read.patterns[0].matches("/p/x"))
    }
}
