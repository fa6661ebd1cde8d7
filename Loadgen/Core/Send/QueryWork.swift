/// What a dashboard's panels ask, one query after the other, at a rate.
struct QueryWork: Work {
    /// The kinds and bodies of the queries.
    private static let mix: [(kind: String, query: String)] = [
        ("aggregate", #""metrics":["events","visitors","pageviews"],"range":{"last":"24h"}"#),
        ("timeseries", #""interval":"minute","metrics":["events"],"range":{"last":"1h"}"#),
        ("top", #""by":"path","limit":10,"range":{"last":"24h"}"#),
        ("timeseries", #""interval":"hour","metrics":["events","visitors"],"range":{"last":"24h"}"#),
        ("top", #""by":"source","metrics":["events","visitors"],"limit":10,"range":{"last":"24h"}"#),
        (
            "funnel",
            #""steps":[{"event":"view_item"},{"event":"add_to_cart"},{"event":"purchase"}],"window":"1h","range":{"last":"24h"}"#
        ),
        ("top", #""by":"country","limit":10,"range":{"last":"24h"}"#),
        ("values", #""dim":"path","prefix":"/p","limit":10,"range":{"last":"24h"}"#),
    ]

    private let requests: [[UInt8]]
    private let schedule: RateSchedule?
    private var number = 0

    init(_ load: RunOptions.QueryLoad, headers: [(name: String, value: String)]) {
        let site = load.site.map { "\"site\":\"\($0.filter { $0 != "\"" && $0 != "\\" })\"," } ?? ""
        let own = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        requests = Self.mix.map { kind, query in
            let body = "{\(site)\(query)}"
            return Array(
                """
                POST \(load.url.prefix)/v1/query/\(kind) HTTP/1.1\r
                Host: \(load.url.address)\r
                User-Agent: loadgen\r
                \(own)Content-Type: application/json\r
                Content-Length: \(body.utf8.count)\r
                \r
                \(body)
                """.utf8)
        }
        schedule = RateSchedule(constant: load.rate)
    }

    mutating func prepare(_ body: inout PreparedBody) throws -> Preparation {
        body.bytes.append(contentsOf: requests[number % requests.count])
        body.isRequest = true
        body.events = 1
        body.number = number
        body.due = schedule?.due(number)
        number += 1
        return .ready
    }
}
