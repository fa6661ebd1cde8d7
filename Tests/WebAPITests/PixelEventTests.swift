import TestSupport
import Testing
import WebAPI

@Suite("Events in a pixel's URL")
struct PixelEventTests {
    private func event(_ query: String) throws -> JSON {
        try JSON(parsing: PixelEvent.json(QueryString(query)))
    }

    @Test("Every text field goes into the event")
    func fields() throws {
        let names = [
            "event", "visitor", "id", "site", "user", "session", "url", "referrer", "title", "language", "screen",
            "user_agent", "country",
        ]
        let json = try event(names.map { "\($0)=%22\($0)%3C" }.joined(separator: "&"))
        for name in names {
            #expect(json[name]?.text == "\"\(name)<")
        }
        #expect(json.object?.count == names.count)
    }

    @Test("Numbers become numbers, and what is none stays text for the decoder to reject")
    func numbers() throws {
        #expect(try event("event=a&value=1.50")["value"]?.double == 1.5)
        #expect(try event("event=a&value=1,5")["value"]?.text == "1,5")
        #expect(try event("event=a&value=1%7D")["value"]?.text == "1}")
        #expect(try event("event=a&time=1700000000000")["time"]?.int == 1_700_000_000_000)
        #expect(try event("event=a&time=2026-11-01T00:00:00Z")["time"]?.text == "2026-11-01T00:00:00Z")
        #expect(try event("event=a&time=1.5")["time"]?.text == "1.5")
    }

    @Test("Properties are text, and several of one name are several values")
    func properties() throws {
        let json = try event("props.plan=free&event=a&props.tag=x&props.tag=y&props.cart.size=3")
        #expect(json["props"]?["plan"]?.text == "free")
        #expect(json["props"]?["tag"]?.array?.compactMap(\.text) == ["x", "y"])
        #expect(json["props"]?["cart.size"]?.text == "3")
        #expect(try event("props.a=1")["props"]?["a"]?.text == "1")
    }

    @Test("Blanks and unknown parameters are left out, the last of a repeated one counts, and no event is no event")
    func rest() throws {
        let json = try event("event=a&_=17&visitor=&title=x&title=y")
        #expect(json.object?.keys.sorted() == ["event", "title"])
        #expect(json["title"]?.text == "y")
        #expect(try event("").object?.isEmpty == true)
    }

    @Test("The picture has 43 bytes and is a GIF")
    func picture() {
        #expect(PixelEvent.gif.count == 43)
        #expect(PixelEvent.gif.starts(with: Array("GIF89a".utf8)))
        #expect(PixelEvent.gif.last == 0x3B)
    }
}
