import Client
import Testing

@Suite("Columns and fields")
struct ColumnMappingTests {
    private func targets(_ map: [String], _ header: [String]) throws(ClientError) -> [ColumnTarget] {
        try ColumnMapping(map).targets(header: header)
    }

    @Test("A mapping wins over a column's own name")
    func precedence() throws {
        #expect(
            try targets(["name=event", "x=props.y"], ["name", "event", "x", "user"])
                == [.field(.event), .property("event"), .property("y"), .field(.user)])
    }

    @Test("Names like props.plan are the property plan, and empty names are numbered")
    func names() throws {
        #expect(
            try targets([], ["event", "props.plan", "", "props."])
                == [.field(.event), .property("plan"), .property("column_3"), .property("props.")])
    }

    @Test("A column's name may hold an equals sign")
    func equals() throws {
        #expect(try targets(["a=b=event"], ["a=b"]) == [.field(.event)])
    }

    @Test(
        "What makes no sense is a usage error that names it",
        arguments: [
            ("visitor", "COLUMN=FIELD"), ("=visitor", "COLUMN=FIELD"), ("a=nope", "nope is no field"),
            ("a=props.", "no field"), ("b=visitor", "no column b"),
        ])
    func wrong(map: String, expected: String) {
        let error = clientError { () throws(ClientError) in _ = try targets([map], ["event", "a"]) }
        #expect(error?.kind == .usage)
        #expect(error?.message.contains(expected) == true)
    }

    @Test("Two columns for one field, two fields for one column and no event name are errors")
    func conflicts() {
        for (map, header) in [
            (["a=user", "b=user"], ["event", "a", "b"]), (["a=user", "a=visitor"], ["event", "a"]),
            ([], ["event", "x", "x"]), ([], ["name", "user"]),
        ] {
            #expect(clientError { () throws(ClientError) in _ = try targets(map, header) }?.kind == .usage)
        }
    }
}
