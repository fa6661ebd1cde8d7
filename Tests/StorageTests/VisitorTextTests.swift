import Storage
import Testing

@Suite("Finding a visitor's id in a refused event")
struct VisitorTextTests {
    private func occurs(_ id: String, in event: String) -> Bool {
        Array(event.utf8).withUnsafeBytes { VisitorText(id).occurs(in: $0) }
    }

    @Test(
        "It is found",
        arguments: [
            ("v1", #"{"event":"a","visitor":"v1"}"#),
            ("v1", #"{"event":"a, "visitor": "v1", broken"#),
            ("v1", #"{"visitor":"\u0076\u0031"}"#),
            ("v1", #"{"visitor":"v\u0031"}"#),
            ("v1", #"{"visitor":"v1"#),
            ("v1", #"{"body":"{\"visitor\":\"v1\"}"}"#),
            ("a\"b\\c/d", #"{"visitor":"a\"b\\c\/d"}"#),
            ("é", #"{"visitor":"\u00E9"}"#),
            ("😀 x", #"{"visitor":"\ud83d\uDE00 x"}"#),
            ("tab\tid", #"{"visitor":"tab\tid"}"#),
            ("123", #"{"visitor": 123, "time": 5}"#),
            ("123", #"{"visitor":123}"#),
            ("customer-4711", "no JSON at all, but customer-4711 is named"),
            ("customer-4711", #"{"url":"https://shop.example/?who=customer-4711&x=1"}"#),
            ("customer-4711", #"{"url":"/?who=c\u0075stomer-4711"}"#),
        ])
    func found(id: String, event: String) {
        #expect(occurs(id, in: event))
    }

    @Test(
        "It is not found",
        arguments: [
            ("v1", #"{"event":"a","visitor":"v12"}"#), ("v1", #"{"visitor":"xv1"}"#), ("v1", ""),
            ("v1", #"{"visitor":"v\u0032"}"#), ("v1", #"{"visitor":"v\u003"#), ("v1", #"{"value":1,"a":"v"}"#),
            ("123", #"{"visitor":"v","value":123}"#), ("123", #"{"visitor": 1234}"#),
            // Equal to the eye, another text all the same.
            ("é", "{\"visitor\":\"e\u{301}\"}"), ("customer-4711", "customer-471"),
        ])
    func notFound(id: String, event: String) {
        #expect(!occurs(id, in: event))
    }
}
