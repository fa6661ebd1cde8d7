import Access
import Queries

/// What the configuration file sets for a single site.
struct SiteSettings {
    /// The keys there are.
    static let keys: Set<String> = ["retention", "origins", "limit", "keep_query_string"]

    /// How long events are kept; `nil` where the setting for all sites holds.
    var retention: RetentionSetting?
    /// Origins whose pages may send events; `nil` where the setting for all sites holds.
    var origins: OriginList?
    /// Limits of each of its keys; `nil` where those of all keys hold.
    var keyLimits: RateLimits?
    /// Whether its events keep the query strings of their URLs.
    var keepsQueryString = false

    /// Reads the object of a site.
    ///
    /// - Parameters:
    ///   - place: where it stands, for messages.
    ///   - path: the file, for messages.
    init(_ values: [String: Any], place: String, path: String) throws(SettingsError) {
        if let value = values["keep_query_string"] {
            guard let flag = value as? Bool else {
                throw SettingsError(
                    description: "config: \"\(place).keep_query_string\" in \(path) must be true or false")
            }
            keepsQueryString = flag
        }
        if let value = values["retention"] {
            guard let text = value as? String, let retention = RetentionSetting(text) else {
                throw SettingsError(
                    description: "config: \"\(place).retention\" in \(path) \(RetentionSetting.rule)")
            }
            self.retention = retention
        }
        if let value = values["origins"] {
            guard let texts = value as? [String] ?? (value as? String).map(AccessSettings.list) else {
                throw SettingsError(
                    description: "config: \"\(place).origins\" in \(path) must be a list of texts, such as "
                        + "[\"https://shop.example\"]")
            }
            origins = try AccessSettings.origins(texts, name: "config: \"\(place).origins\" in \(path)")
        }
        if let value = values["limit"] { keyLimits = try Self.limits(value, place: place + ".limit", path: path) }
    }

    private static func limits(_ value: Any, place: String, path: String) throws(SettingsError) -> RateLimits {
        guard let rates = value as? [String: Int],
            rates.keys.allSatisfy({ ["key-requests", "key-events"].contains($0) }),
            rates.values.allSatisfy({ (0...RateLimits.most).contains($0) })
        else {
            throw SettingsError(
                description: "config: \"\(place)\" in \(path) must be an object with \"key-requests\" and "
                    + "\"key-events\", numbers between 0 and \(RateLimits.most)")
        }
        return RateLimits(requestsPerSecond: rates["key-requests"] ?? 0, eventsPerSecond: rates["key-events"] ?? 0)
    }
}

/// How long events are kept.
struct RetentionSetting {
    /// Milliseconds; `nil` for ever.
    let period: Int64?

    /// What a setting must be, continuing its name.
    static let rule = "must be forever or a duration of at least an hour, such as 30d or 400d"
    private static let shortest: Int64 = 3_600_000

    /// Reads `forever` or a duration; `nil` for anything else, and for less than an hour.
    init?(_ text: String) {
        if text == "forever" {
            period = nil
            return
        }
        guard let period = DurationText.parse(text), period >= Self.shortest else { return nil }
        self.period = period
    }
}
