/// The names under which known referrers and campaigns count as a `source`.
package enum SourceNames {
    /// The source of a page that was opened without a referrer.
    package static let direct = "Direct"

    /// The name of a referrer's host, `nil` for one that is not known: it counts under itself.
    ///
    /// Every subdomain of a known host is known. Of several entries the longest counts.
    ///
    /// - Parameter host: in lower case, as `referrer_host` has it.
    package static func referrer(host: UnsafeRawBufferPointer) -> String? {
        guard host.count <= longestHost else { return nil }
        let text = String(decoding: host, as: UTF8.self)
        var start = text.startIndex
        while true {
            if let name = hosts[String(text[start...])] { return name }
            guard let dot = text.utf8[start...].firstIndex(of: UInt8(ascii: ".")) else { return nil }
            let next = text.utf8.index(after: dot)
            // `google.de`, `google.co.uk`: one name in every country.
            let ending = text.utf8[next...].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            if ending.count <= 2, ending.allSatisfy({ (2...3).contains($0.count) }),
                let name = inEveryCountry[String(text[start..<dot])]
            {
                return name
            }
            start = next
        }
    }

    /// The name of a campaign's `utm_source`, `nil` for one that is not known: it counts as it is written.
    package static func campaign(_ source: UnsafeRawBufferPointer) -> String? {
        guard source.count <= longestHost else { return nil }
        let text = String(decoding: source, as: UTF8.self).lowercased()
        if let name = campaigns[text] { return name }
        guard text.contains(".") else { return nil }
        var lower = text
        return lower.withUTF8 { referrer(host: UnsafeRawBufferPointer($0)) }
    }

    /// A host without a leading `www.`.
    static func withoutWWW(_ host: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard host.count > 4, host[0] == UInt8(ascii: "w"), host[1] == UInt8(ascii: "w"), host[2] == UInt8(ascii: "w"),
            host[3] == UInt8(ascii: ".")
        else { return host }
        return UnsafeRawBufferPointer(rebasing: host[4...])
    }

    /// The longest host of the DNS; a longer one is no known one.
    private static let longestHost = 253

    /// Names as campaigns write them: every known name in lower case, and what else is usual.
    private static let campaigns: [String: String] = {
        var names: [String: String] = [:]
        for (_, name) in entries { names[name.lowercased()] = name }
        for name in inEveryCountry.values { names[name.lowercased()] = name }
        let others = [
            ("adwords", "Google"), ("googleads", "Google"), ("google_ads", "Google"), ("google-ads", "Google"),
            ("fb", "Facebook"), ("facebook_ads", "Facebook"), ("facebookads", "Facebook"), ("ig", "Instagram"),
            ("x", "Twitter"), ("twitter_ads", "Twitter"), ("yahoo", "Yahoo!"), ("yt", "YouTube"), ("li", "LinkedIn"),
            ("linkedin_ads", "LinkedIn"), ("hn", "Hacker News"), ("hackernews", "Hacker News"), ("ddg", "DuckDuckGo"),
            ("openai", "ChatGPT"), ("direct", direct),
        ]
        for (written, name) in others { names[written] = name }
        return names
    }()

    private static let hosts = Dictionary(entries, uniquingKeysWith: { first, _ in first })

    /// Search engines and others that have a domain of the same name in many countries.
    private static let inEveryCountry = [
        "google": "Google", "yahoo": "Yahoo!", "yandex": "Yandex", "bing": "Bing", "pinterest": "Pinterest",
    ]
}
