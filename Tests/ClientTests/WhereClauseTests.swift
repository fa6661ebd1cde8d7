import Client
import Testing

@Suite("Filters of the command line")
struct WhereClauseTests {
    @Test(
        "A clause becomes the API's filter",
        arguments: [
            ("country is DE,FR", #"{"dim":"country","op":"is","values":["DE","FR"]}"#),
            ("  country   is   DE , FR  ", #"{"dim":"country","op":"is","values":["DE","FR"]}"#),
            ("props.plan is_not null", #"{"dim":"props.plan","op":"is_not","values":[null]}"#),
            (#"props.plan is "null""#, #"{"dim":"props.plan","op":"is","values":["null"]}"#),
            ("value gte 3.5", #"{"dim":"value","op":"gte","values":[3.5]}"#),
            ("props.zip is 007", #"{"dim":"props.zip","op":"is","values":["007"]}"#),
            ("props.n is 7", #"{"dim":"props.n","op":"is","values":["7"]}"#),
            ("time lt 2024-01-01T00:00:00Z", #"{"dim":"time","op":"lt","values":["2024-01-01T00:00:00Z"]}"#),
            (
                #"title contains "a, b","c \"d\" \\""#,
                #"{"dim":"title","op":"contains","values":["a, b","c \"d\" \\"]}"#
            ),
            ("title is red shoes", #"{"dim":"title","op":"is","values":["red shoes"]}"#),
            ("user exists", #"{"dim":"user","op":"exists"}"#),
            ("user exists false", #"{"dim":"user","op":"exists","values":[false]}"#),
            (#"path matches ^/p/\d{1,3}$"#, #"{"dim":"path","op":"matches","values":["^/p/\\d{1,3}$"]}"#),
            ("path is a,,b", #"{"dim":"path","op":"is","values":["a","","b"]}"#),
        ])
    func parsed(text: String, expected: String) throws {
        #expect(String(decoding: try WhereClause.parse(text).encoded, as: UTF8.self) == expected)
    }

    @Test(
        "A clause that makes no sense is a usage error",
        arguments: [
            "", "country", "country is", "country equals DE", "user exists maybe", #"path is "a"#, #"path is "a"b"#,
            #"path is "a\"#, "path matches",
        ])
    func refused(text: String) {
        #expect(clientError { () throws(ClientError) in _ = try WhereClause.parse(text) }?.kind == .usage)
    }
}
