import Configuration
import Enrichment
import Foundation

/// From what dimensions are derived: the settings `user-agents`, `geoip` and `country-header`.
struct EnrichmentSettings {
    /// The files.
    let options: EnrichmentOptions
    /// The header in which a trusted proxy names the client's country; `nil` for none.
    let countryHeader: String?

    /// Reads them.
    ///
    /// The patterns of user agents may be missing where they were not asked for; a file that is named must be there.
    init(_ reader: ConfigReader) async throws {
        var options = EnrichmentOptions()
        let patterns = try await reader.fetchString(forKey: "user.agents")
        options.userAgentPatterns = patterns == "off" ? nil : patterns ?? EnrichmentOptions.packagedPatterns
        if let patterns, patterns != "off", !FileManager.default.isReadableFile(atPath: patterns) {
            throw SettingsError(
                description: "user-agents: the file \(patterns) cannot be read; name a regexes.yaml of uap-core or off")
        }
        options.countryDatabase = try await reader.fetchString(forKey: "geoip")
        self.options = options
        countryHeader = try await reader.fetchString(forKey: "country.header")
        guard let countryHeader else { return }
        guard !countryHeader.isEmpty, countryHeader.utf8.allSatisfy(Self.isHeaderByte) else {
            throw SettingsError(
                description: "country-header: must be the name of a header, such as CF-IPCountry, not \(countryHeader)")
        }
    }

    /// What the name of a header is made of, as far as any proxy uses it.
    private static func isHeaderByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
