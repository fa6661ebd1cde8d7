import HTTPTypes
import Hummingbird

/// One thing the server answers: a method and a path. The OpenAPI document describes exactly these.
public enum Endpoint: String, CaseIterable, Sendable {
    case postEvents = "POST /v1/events"
    case pixel = "GET /v1/pixel.gif"
    case getQuery = "GET /v1/query/{kind}"
    case postQuery = "POST /v1/query/{kind}"
    case live = "GET /v1/live/{kind}"
    case deadLetters = "GET /v1/dead-letters"
    case replayDeadLetters = "POST /v1/dead-letters/replay"
    case getSchema = "GET /v1/sites/{site}/schema"
    case putSchema = "PUT /v1/sites/{site}/schema"
    case flush = "POST /v1/admin/flush"
    case backup = "POST /v1/admin/backup"
    case listKeys = "GET /v1/admin/keys"
    case createKey = "POST /v1/admin/keys"
    case revokeKey = "DELETE /v1/admin/keys/{key}"
    case confirmRetention = "POST /v1/admin/retention"
    case eraseVisitor = "DELETE /v1/visitors/{visitor}"
    case deleteSite = "DELETE /v1/sites/{site}"
    case health = "GET /healthz"
    case readiness = "GET /readyz"
    case metrics = "GET /metrics"
    case openAPI = "GET /openapi.json"
    case page = "GET /"
    case beacon = "GET /weir.js"
    case asset = "GET /assets/{version}/{file}"

    /// The method, in capitals.
    public var method: String {
        String(rawValue.prefix { $0 != " " })
    }

    /// The path, with a name in braces for the part that varies.
    public var path: String {
        String(rawValue.drop { $0 != " " }.dropFirst())
    }

    /// Whether it takes events, which pages of other origins may send: the two that a tracked site's pages call.
    var takesEvents: Bool {
        self == .postEvents || self == .pixel
    }

    /// Paths that end in a kind of query.
    private static let kinds: [(prefix: String, endpoints: [Endpoint])] = [
        ("/v1/query/", [.getQuery, .postQuery]), ("/v1/live/", [.live]),
    ]
    /// Where the dashboard's files are, under a version and a name.
    private static let assets = "/assets/"
    /// Paths that end in a name, percent-encoded.
    private static let named: [(prefix: String, endpoint: Endpoint)] = [
        ("/v1/visitors/", .eraseVisitor), ("/v1/sites/", .deleteSite),
        ("/v1/admin/keys/", .revokeKey),
    ]
    private static let byPath: [String: [Endpoint]] = Dictionary(grouping: allCases, by: \.path)

    /// All endpoints of a request's path, none when there is nothing, and the part of the path that varies.
    package static func at(path: String) -> (endpoints: [Endpoint], kind: String) {
        for (prefix, endpoints) in kinds where path.hasPrefix(prefix) {
            let kind = String(path.dropFirst(prefix.count))
            // One kind has two parts.
            let isOnePart = !kind.isEmpty && !kind.contains("/")
            return isOnePart || kind == "funnel/visitors" ? (endpoints, kind) : ([], "")
        }
        if path.hasPrefix(assets) {
            let rest = String(path.dropFirst(assets.count))
            return rest.split(separator: "/", omittingEmptySubsequences: false).count == 2 ? ([.asset], rest) : ([], "")
        }
        for (prefix, endpoint) in named where path.hasPrefix(prefix) {
            var name = String(path.dropFirst(prefix.count))
            if endpoint == .deleteSite, name.hasSuffix("/schema") {
                name.removeLast("/schema".count)
                return name.isEmpty || name.contains("/") ? ([], "") : ([.getSchema, .putSchema], name)
            }
            return name.isEmpty || name.contains("/") ? ([], "") : ([endpoint], name)
        }
        return (byPath[path] ?? [], "")
    }

    /// The endpoint of `method` among those of one path; HEAD is asked for as GET is.
    package static func select(_ method: HTTPRequest.Method, among endpoints: [Endpoint]) -> Endpoint? {
        let name = method == .head ? "GET" : method.rawValue
        return endpoints.first { $0.rawValue.hasPrefix(name) && $0.method == name }
    }

    /// The value of an `Allow` header for one path.
    package static func allow(_ endpoints: [Endpoint]) -> String {
        let methods = endpoints.map(\.method)
        return (methods + (methods.contains("GET") ? ["HEAD"] : []) + ["OPTIONS"]).joined(separator: ", ")
    }
}
