import Events
import Foundation

/// Checks the configuration file before it is used, so that a slip in it is named instead of being ignored.
enum SettingsFile {
    private static let keys: Set<String> = [
        "accept", "data", "http", "udp", "threads", "late", "disk", "write", "cache", "log", "retention", "confirm",
        "sites", "query", "answer", "dead-letters", "deduplication", "require", "origins", "trusted", "proxy", "limit",
        "user", "geoip", "country",
    ]
    private static let limits: Set<String> = ["key-requests", "key-events", "address-requests", "address-events"]
    /// The keys that hold objects, with the keys of those.
    private static let nested: [(key: String, keys: Set<String>)] = [
        ("accept", ["log-loss"]), ("late", ["limit"]), ("disk", ["reserve"]), ("write", ["buffer"]),
        ("cache", ["limit"]), ("log", ["level"]),
        ("confirm", ["retention"]), ("query", ["memory"]), ("answer", ["cache"]), ("require", ["keys"]),
        ("dead-letters", ["retention", "bytes"]), ("deduplication", ["horizon"]),
        ("trusted", ["proxies"]), ("proxy", ["header"]), ("limit", limits),
        ("user", ["agents"]), ("country", ["header"]),
    ]

    /// Reads the file at `path` as far as is needed to say what is wrong with it.
    ///
    /// - Returns: what it sets for single sites.
    /// - Throws: ``SettingsError`` when it cannot be read, is no JSON object, or has a key that means nothing.
    static func check(_ path: String) throws(SettingsError) -> [String: SiteSettings] {
        let contents: Data
        do {
            contents = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw SettingsError(description: "config: the file \(path) cannot be read")
        }
        guard let document = try? JSONSerialization.jsonObject(with: contents),
            let object = document as? [String: Any]
        else {
            throw SettingsError(description: "config: the file \(path) is not a JSON object")
        }
        try check(object.keys, against: keys, prefix: "", path: path)
        for (key, keys) in nested {
            guard let value = object[key] else { continue }
            guard let inner = value as? [String: Any] else {
                let names = keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
                throw SettingsError(
                    description: "config: \"\(key)\" in \(path) must be an object with the keys \(names)")
            }
            try check(inner.keys, against: keys, prefix: key + ".", path: path)
        }
        try checkTypes(object, prefix: "", path: path)
        guard let sites = object["sites"] else { return [:] }
        guard let sites = sites as? [String: [String: Any]] else {
            throw SettingsError(
                description: "config: \"sites\" in \(path) must be an object with an object for each site")
        }
        var settings: [String: SiteSettings] = [:]
        for (name, values) in sites {
            let place = "sites.\(name)"
            guard Array(name.utf8).withUnsafeBytes({ SiteName.isValid($0) }) else {
                throw SettingsError(
                    description: "config: \"\(place)\" in \(path) is no site: a site's name is 1 to 64 letters, "
                        + "digits, dots, underscores and dashes")
            }
            try check(values.keys, against: SiteSettings.keys, prefix: place + ".", path: path)
            settings[name] = try SiteSettings(values, place: place, path: path)
        }
        return settings
    }

    /// Keys whose values are no text.
    private static let numbers: Set<String> = Set(["threads"] + limits.map { "limit.\($0)" })
    private static let flags: Set<String> = ["accept.log-loss", "confirm.retention", "require.keys"]

    /// Says which value is of the wrong type, and how it is written.
    private static func checkTypes(_ object: [String: Any], prefix: String, path: String) throws(SettingsError) {
        for (key, value) in object.sorted(by: { $0.key < $1.key }) where prefix + key != "sites" {
            let place = prefix + key
            if let inner = value as? [String: Any] {
                try checkTypes(inner, prefix: place + ".", path: path)
                continue
            }
            let (isRight, wanted): (Bool, String) =
                if flags.contains(place) {
                    (value is Bool, "true or false")
                } else if numbers.contains(place) {
                    (value is Int, "a whole number")
                } else {
                    (value is String, "a text in quotes")
                }
            guard isRight else {
                throw SettingsError(description: "config: \"\(place)\" in \(path) must be \(wanted)")
            }
        }
    }

    private static func check(
        _ found: some Sequence<String>, against known: Set<String>, prefix: String, path: String
    ) throws(SettingsError) {
        guard let stranger = found.sorted().first(where: { !known.contains($0) }) else { return }
        let names = known.sorted().map { prefix + $0 }.joined(separator: ", ")
        throw SettingsError(
            description: "config: \(path) has the unknown key \"\(prefix)\(stranger)\"; there are: \(names)")
    }
}
