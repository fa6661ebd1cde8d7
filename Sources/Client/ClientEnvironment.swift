import Glibc

/// What a client command takes from its environment where a flag is absent.
public struct ClientEnvironment: Sendable {
    /// `WEIR_URL`.
    public var url: String?
    /// `WEIR_SITE`.
    public var site: String?
    /// `WEIR_KEY`.
    public var key: String?

    /// The address used when neither flag nor environment names one.
    public static let defaultURL = "http://127.0.0.1:8080"

    /// Creates an environment from its parts.
    public init(url: String? = nil, site: String? = nil, key: String? = nil) {
        self.url = url
        self.site = site
        self.key = key
    }

    /// The process's own; an empty variable counts as absent.
    public static var process: ClientEnvironment {
        ClientEnvironment(url: variable("WEIR_URL"), site: variable("WEIR_SITE"), key: variable("WEIR_KEY"))
    }

    /// `WEIR_DATA`, for commands that look at a directory.
    public static var data: String? { variable("WEIR_DATA") }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
