/// One request to a server.
public struct ClientRequest: Sendable {
    /// The method.
    public var method: String
    /// The whole URL.
    public var url: String
    /// Header fields, in order.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]
    /// Whether something is only asked for.
    public var isGet: Bool { method == "GET" }

    /// Creates a request.
    public init(
        method: String = "POST", url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// The header that carries a key, or nothing where there is no key.
    public static func authorization(_ key: String?) -> [(name: String, value: String)] {
        key.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
    }
}

/// What a server answered.
public struct ClientResponse: Sendable {
    /// The status, such as 200.
    public var status: Int
    /// `Content-Type`, as it came.
    public var contentType: String?
    /// `Retry-After`, as it came.
    public var retryAfter: String?
    /// The body.
    public var body: [UInt8]

    /// Creates a response.
    public init(status: Int, contentType: String? = nil, retryAfter: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.retryAfter = retryAfter
        self.body = body
    }
}

/// The one way out to the network.
public protocol RequestSender: Sendable {
    /// Sends a request and waits for the whole answer.
    ///
    /// An answer of any status is returned; only its absence is an error, of kind `unreachable` or
    /// `connection`.
    func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse
}
