import Foundation

/// Checks the configuration file before it is used, so that a slip in it is named instead of being ignored.
enum SettingsFile {
    private static let keys: Set<String> = ["data", "http", "udp", "threads", "late", "log"]
    /// The keys that hold objects, with the keys of those.
    private static let nested: [(key: String, keys: Set<String>)] = [("late", ["limit"]), ("log", ["level"])]

    /// Reads the file at `path` as far as is needed to say what is wrong with it.
    ///
    /// - Throws: ``SettingsError`` when it cannot be read, is no JSON object, or has a key that means nothing.
    static func check(_ path: String) throws(SettingsError) {
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
