import Queries

/// What the configuration file sets for a single site.
struct SiteSettings {
    /// The keys there are.
    static let keys: Set<String> = ["retention", "keep_query_string"]

    /// How long events are kept; `nil` where the setting for all sites holds.
    var retention: RetentionSetting?
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
        guard let value = values["retention"] else { return }
        guard let text = value as? String, let retention = RetentionSetting(text) else {
            throw SettingsError(
                description: "config: \"\(place).retention\" in \(path) \(RetentionSetting.rule)")
        }
        self.retention = retention
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
