import Events
import Testing

@Suite("Rules of the fields")
struct FieldRuleTests {
    let harness = Harness()

    @Test("Every field arrives in its place")
    func allFields() throws {
        let row = try harness.row(
            #"""
            {"event":"view","visitor":"v1","time":"2026-11-22T11:00:00.5Z","id":"i1","site":"shop","user":"u1","session":"s1",
            "url":"https://Example.com/p?x=1","referrer":"http://Ref.org/","title":"T","language":"de","screen":"1x2",
            "user_agent":"UA","country":"DE","value":1.5,"props":{"plan":"pro"}}
            """#)
        let expected = [
            "event": "view", "visitor": "v1", "time": "1795345200500", "id": String(Harness.hash("i1")), "site": "shop",
            "user": "u1", "session": "s1", "url": "https://Example.com/p?x=1", "referrer": "http://Ref.org/",
            "title": "T",
            "language": "de", "screen": "1x2", "user_agent": "UA", "country": "DE", "value": "1.5", "props.plan": "pro",
            "host": "example.com", "path": "/p", "referrer_host": "ref.org",
        ]
        #expect(row == expected)
    }

    @Test(
        "The event's name is required, a string of 1 to 200 bytes",
        arguments: [
            (#"{"visitor":"v"}"#, RejectionCode.missingEvent), (#"{"event":null}"#, .missingEvent),
            (#"{}"#, .missingEvent),
            (#"{"event":""}"#, .emptyValue), (#"{"event":3}"#, .invalidType), (#"{"event":["a"]}"#, .invalidType),
            (#"{"event":{}}"#, .invalidType), (#"{"event":true}"#, .invalidType),
            ("{\"event\":\"" + String(repeating: "x", count: 201) + "\"}", .valueTooLong),
            ("{\"event\":\"" + String(repeating: "ä", count: 101) + "\"}", .valueTooLong),
        ])
    func eventName(event: String, code: RejectionCode) throws {
        let rejection = try harness.rejection(event)
        #expect(rejection?.code == code)
        #expect(rejection?.raw == Array(event.utf8))
        #expect(rejection?.site == "default")
    }

    @Test("Names of exactly 200 bytes are taken")
    func longestNames() throws {
        let name = String(repeating: "x", count: 200)
        let row = try harness.row(
            "{\"event\":\"\(name)\",\"visitor\":\"\(name)\",\"user\":\"\(name)\",\"session\":\"\(name)\",\"id\":\"\(name)\"}"
        )
        #expect(row["event"] == name && row["visitor"] == name && row["user"] == name && row["session"] == name)
    }

    @Test("Identifiers may be numbers, by their canonical text", arguments: ["visitor", "user", "session"])
    func numericIdentifiers(field: String) throws {
        let others = field == "visitor" ? "" : "\"visitor\":\"v\","
        for (number, text) in [("7", "7"), ("7.0", "7"), ("-1", "-1"), ("1e3", "1000"), ("0.5", "0.5")] {
            #expect(try harness.row("{\"event\":\"e\",\(others)\"\(field)\":\(number)}")[field] == text)
        }
    }

    @Test(
        "Other types, empty and long texts are refused for identifiers",
        arguments: ["visitor", "id", "user", "session"])
    func badIdentifiers(field: String) throws {
        for value in ["true", "[]", "{}", "[\"a\"]"] {
            let rejection = try harness.rejection("{\"event\":\"e\",\"\(field)\":\(value)}")
            #expect(rejection?.code == .invalidType)
            #expect(rejection?.detail.contains("`\(field)`") == true)
        }
        #expect(try harness.rejection("{\"event\":\"e\",\"\(field)\":\"\"}")?.code == .emptyValue)
        let long = String(repeating: "x", count: 201)
        #expect(try harness.rejection("{\"event\":\"e\",\"\(field)\":\"\(long)\"}")?.code == .valueTooLong)
    }

    @Test(
        "Text fields are strings of bounded length",
        arguments: ["url", "referrer", "title", "language", "screen", "user_agent", "country"])
    func textFields(field: String) throws {
        for value in ["1", "true", "[]", "{}"] { #expect(try harness.code("\"\(field)\":\(value)") == .invalidType) }
        let longest = String(repeating: "x", count: 8192)
        #expect(try harness.row("{\"event\":\"e\",\"\(field)\":\"\(longest)\"}")[field] == longest)
        #expect(try harness.code("\"\(field)\":\"\(longest)x\"") == .valueTooLong)
        #expect(try harness.code("\"\(field)\":null") == nil)
    }

    @Test("A site's name is 1 to 64 plain characters")
    func sites() throws {
        #expect(try harness.row(#"{"event":"e","site":"Shop_1.de-x"}"#)["site"] == "Shop_1.de-x")
        for bad in ["", "a b", "ä", "a/b", String(repeating: "x", count: 65)] {
            let rejection = try harness.rejection("{\"event\":\"e\",\"site\":\"\(bad)\"}")
            #expect(rejection?.code == .invalidSite)
            #expect(rejection?.site == "default")
        }
        #expect(try harness.code("\"site\":5") == .invalidType)
        #expect(try harness.rejection("{\"site\":\"shop\"}")?.site == "shop")
    }

    @Test("A default site that no site can have refuses the events that need it")
    func badDefaultSite() throws {
        var harness = harness
        harness.context.defaultSite = "no site"
        let decoded = try harness.decode("\(smallest)\n{\"event\":\"e\",\"site\":\"ok\"}")
        #expect(decoded.rejections.map(\.code) == [.invalidSite])
        #expect(decoded.accepted == 1)
    }

    @Test("The measure is a number")
    func values() throws {
        for (text, value) in [
            ("3", "3.0"), ("-0.25", "-0.25"), ("1e3", "1000.0"), ("18446744073709551615", "1.8446744073709552e+19"),
        ] {
            #expect(try harness.row("{\"event\":\"e\",\"value\":\(text)}")["value"] == value)
        }
        for bad in ["\"3\"", "true", "[1]", "{}"] { #expect(try harness.code("\"value\":\(bad)") == .invalidType) }
        #expect(try harness.row(#"{"event":"e","value":null}"#)["value"] == nil)
    }

    @Test("Unknown fields are ignored and counted, derived names among them; null is absent")
    func unknownFields() throws {
        let decoded = try harness.decode(
            #"{"event":"e","visitor":"v","host":"h","path":"/","Event":"x","events":1,"":[{"a":[1]}],"nothing":null,"ur":1}"#
        )
        #expect(decoded.ignoredFields == 6)
        #expect(harness.rows(decoded.batches[0])[0].keys.sorted() == ["event", "site", "time", "visitor"])
    }

    @Test("Of several fields of one name the last counts, also when it is null")
    func duplicateKeys() throws {
        let row = try harness.row(
            #"{"event":"a","event":"b","title":5,"title":"t","visitor":"v","country":"DE","country":null,"props":{"x":1},"props":{"y":2}}"#
        )
        #expect(row["event"] == "b" && row["title"] == "t" && row["country"] == nil)
        #expect(row["props.x"] == nil && row["props.y"] == "#2")
        #expect(try harness.rejection(#"{"event":"a","event":null}"#)?.code == .missingEvent)
    }

    @Test("Escaped names and values are what they stand for")
    func escapes() throws {
        let row = try harness.row(#"{"\u0065vent":"a\u0000\n\"\u00e4\ud83d\ude00","visitor":"v"}"#)
        #expect(row["event"] == "a\0\n\"ä😀")
    }

    @Test("An absent visitor is derived once for each site and user agent")
    func anonymousVisitors() throws {
        var harness = harness
        harness.context.userAgent = Array("Header".utf8)
        let rows = try harness.rows(
            #"""
            {"event":"e"}
            {"event":"e","site":"shop"}
            {"event":"e","user_agent":"Own"}
            {"event":"e"}
            """#)
        #expect(
            Set(rows.map { $0["visitor"] ?? "" }) == [
                "anonymous-default-Header", "anonymous-shop-Header", "anonymous-default-Own",
            ])
        #expect(rows.compactMap { $0["user_agent"] }.sorted() == ["Header", "Header", "Header", "Own"])
    }

    @Test("A header that is no text is left out")
    func badHeader() throws {
        var harness = harness
        harness.context.userAgent = [0xFF, 0xFE]
        #expect(try harness.row(smallest)["user_agent"] == nil)
        harness.context.userAgent = [UInt8](repeating: 65, count: 9000)
        #expect(try harness.row(smallest)["user_agent"] == nil)
    }

    @Test("Every rejection's detail is a sentence and every code is stable")
    func codes() {
        #expect(
            RejectionCode.allCases.map(\.rawValue) == [
                "invalid_json", "invalid_utf8", "invalid_number", "nesting_too_deep", "not_an_object", "missing_event",
                "invalid_type", "empty_value", "value_too_long", "invalid_time", "time_out_of_range", "time_in_future",
                "time_too_old", "invalid_site", "too_many_properties", "too_many_values", "property_name_invalid",
                "event_too_large", "too_many_partitions", "schema_event_not_allowed", "schema_property_not_allowed",
                "schema_property_missing", "schema_property_type", "schema_property_enum", "schema_property_range",
                "schema_property_length", "unauthorized", "forbidden_origin", "rate_limited",
            ])
    }
}
