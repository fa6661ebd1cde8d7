import TestSupport
import Testing
import WebAPI

@Suite("Problem documents and metrics text")
struct ProblemTests {
    @Test("A problem is valid JSON whatever is in it, and nothing in it reads as HTML")
    func escaping() throws {
        let hostile = "\"\\\n\r\t\u{0}\u{1F}\u{7F}<script>é\u{1F600}"
        let problem = Problem(400, code: "c", title: "t", detail: hostile, field: hostile)
        let json = try JSON(parsing: problem.json)
        #expect(json["type"]?.text == "about:blank")
        #expect(json["title"]?.text == "t")
        #expect(json["status"]?.int == 400)
        #expect(json["code"]?.text == "c")
        #expect(json["detail"]?.text == hostile)
        #expect(json["field"]?.text == hostile)
        #expect(!problem.json.contains(UInt8(ascii: "<")))
    }

    @Test("A problem without a field has no such member")
    func noField() throws {
        let json = try JSON(parsing: Problem(500, code: "c", title: "t", detail: "d").json)
        #expect(json["field"] == nil)
    }

    @Test("Metrics are written with escaped labels and plain integers")
    func prometheus() {
        var text = PrometheusText()
        text.family(
            "weir_x_total", help: "A\nb\\c \"d\".", type: "counter",
            samples: [
                PrometheusText.Sample(labels: [("site", "a\"b\\c\nd"), ("kind", "e")], value: 3),
                PrometheusText.Sample(labels: [], value: 0.5),
                PrometheusText.Sample(labels: [], value: .infinity),
            ])
        #expect(
            text.text == """
                # HELP weir_x_total A\\nb\\\\c "d".
                # TYPE weir_x_total counter
                weir_x_total{site="a\\"b\\\\c\\nd",kind="e"} 3
                weir_x_total 0.5
                weir_x_total +Inf

                """)
    }
}
