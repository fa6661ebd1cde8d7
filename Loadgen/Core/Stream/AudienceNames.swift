/// Where visitors live, what they browse with, and who sends them: the lists behind the audience.
enum AudienceNames {
    /// A country with its usual language, another one that one visitor in eight has, and its share of the visitors.
    static let countries: [(code: String, language: String, otherLanguage: String, weight: Double)] = [
        ("US", "en-US", "es-US", 240),
        ("DE", "de-DE", "en-US", 130),
        ("GB", "en-GB", "pl-PL", 90),
        ("FR", "fr-FR", "en-US", 70),
        ("NL", "nl-NL", "en-GB", 40),
        ("CA", "en-CA", "fr-CA", 38),
        ("IT", "it-IT", "en-US", 34),
        ("ES", "es-ES", "ca-ES", 34),
        ("PL", "pl-PL", "en-US", 30),
        ("AT", "de-AT", "en-US", 26),
        ("CH", "de-CH", "fr-CH", 26),
        ("SE", "sv-SE", "en-US", 20),
        ("AU", "en-AU", "zh-CN", 20),
        ("BR", "pt-BR", "en-US", 20),
        ("IN", "en-IN", "hi-IN", 20),
        ("JP", "ja-JP", "en-US", 18),
        ("BE", "nl-BE", "fr-BE", 17),
        ("DK", "da-DK", "en-US", 13),
        ("NO", "nb-NO", "en-US", 12),
        ("FI", "fi-FI", "sv-FI", 10),
        ("CZ", "cs-CZ", "en-US", 10),
        ("PT", "pt-PT", "en-US", 10),
        ("IE", "en-IE", "ga-IE", 9),
        ("MX", "es-MX", "en-US", 9),
        ("GR", "el-GR", "en-US", 7),
        ("HU", "hu-HU", "en-US", 6),
        ("RO", "ro-RO", "en-US", 6),
        ("KR", "ko-KR", "en-US", 6),
        ("NZ", "en-NZ", "mi-NZ", 5),
        ("ZA", "en-ZA", "af-ZA", 5),
        ("SG", "en-SG", "zh-SG", 4),
        ("TR", "tr-TR", "en-US", 4),
    ]

    /// Screens of phones, the most common first.
    static let phoneScreens = [
        "390x844", "393x852", "360x800", "412x915", "430x932", "414x896", "375x812", "384x832", "375x667",
    ]

    /// Screens of other machines, the most common first.
    static let desktopScreens = [
        "1920x1080", "1536x864", "2560x1440", "1440x900", "1366x768", "3840x2160", "1280x720", "1728x1117", "820x1180",
    ]

    /// Pages that link to the shop, the busiest first.
    static let referrers = [
        "https://www.google.com/", "https://www.bing.com/", "https://www.instagram.com/", "https://duckduckgo.com/",
        "https://www.facebook.com/", "https://t.co/Zk3nQ0", "https://www.reddit.com/r/BuyItForLife/",
        "https://www.youtube.com/",
        "https://www.pinterest.com/", "https://news.ycombinator.com/item?id=46100000", "https://www.ecosia.org/",
        "https://search.brave.com/", "https://www.linkedin.com/feed/", "https://www.tiktok.com/",
        "https://chatgpt.com/",
        "https://www.perplexity.ai/", "https://www.google.de/", "https://www.google.co.uk/",
        "https://www.startpage.com/",
        "https://search.yahoo.com/", "https://mail.google.com/", "https://outlook.live.com/",
        "https://www.wirecutter.example/",
        "https://www.mydealz.example/deals", "https://www.testberichte.example/",
        "https://forum.outdoor.example/t/4711",
        "https://coffee.example/reviews", "https://www.idealo.example/preisvergleich",
        "android-app://com.google.android.gm/",
        "https://l.instagram.com/",
    ]

    /// Where paid or planned traffic comes from.
    static let campaignSources: [(source: String, medium: String, terms: String, weight: Double)] = [
        ("google", "cpc", "running+shoes", 30), ("newsletter", "email", "", 24), ("facebook", "paid_social", "", 16),
        ("instagram", "paid_social", "", 14), ("bing", "cpc", "office%20chair", 6), ("partner", "affiliate", "", 6),
        ("podcast", "audio", "", 2), ("tiktok", "paid_social", "", 2),
    ]

    /// The shop's campaigns.
    static let campaigns = ["spring_sale", "brand", "retargeting", "new_arrivals", "clearance", "welcome"]

    /// A browser in use.
    struct Agent: Sendable {
        /// The whole user agent.
        let text: String
        /// The share of the visitors, relative to the others'.
        let weight: Double
        /// Whether it runs on a phone.
        let isPhone: Bool

        init(_ platform: String, _ product: String, _ weight: Double, isPhone: Bool) {
            text = platform + product
            self.weight = weight
            self.isPhone = isPhone
        }
    }

    private static let windows =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    private static let mac =
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    private static let macSafari =
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    private static let android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "

    /// The browsers in use.
    static let agents: [Agent] = [
        Agent(windows, "Chrome/143.0.0.0 Safari/537.36", 90, isPhone: false),
        Agent(windows, "Chrome/142.0.0.0 Safari/537.36", 40, isPhone: false),
        Agent(windows, "Chrome/141.0.0.0 Safari/537.36", 12, isPhone: false),
        Agent(windows, "Chrome/140.0.0.0 Safari/537.36", 6, isPhone: false),
        Agent(windows, "Chrome/138.0.0.0 Safari/537.36", 3, isPhone: false),
        Agent(windows, "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0", 34, isPhone: false),
        Agent(windows, "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", 10, isPhone: false),
        Agent(windows, "Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0", 7, isPhone: false),
        Agent(mac, "Chrome/143.0.0.0 Safari/537.36", 30, isPhone: false),
        Agent(mac, "Chrome/142.0.0.0 Safari/537.36", 14, isPhone: false),
        Agent(mac, "Chrome/141.0.0.0 Safari/537.36", 4, isPhone: false),
        Agent(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ",
            "Chrome/143.0.0.0 Safari/537.36", 8, isPhone: false),
        Agent(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ",
            "Chrome/142.0.0.0 Safari/537.36", 4, isPhone: false),
        Agent(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) ",
            "Gecko/20100101 Firefox/146.0", 16, isPhone: false),
        Agent(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) ",
            "Gecko/20100101 Firefox/145.0", 9, isPhone: false),
        Agent(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) ",
            "Gecko/20100101 Firefox/140.0", 4, isPhone: false),
        Agent("Mozilla/5.0 (X11; Linux x86_64; rv:146.0) ", "Gecko/20100101 Firefox/146.0", 5, isPhone: false),
        Agent(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:146.0) ",
            "Gecko/20100101 Firefox/146.0", 4, isPhone: false),
        Agent(macSafari, "Version/26.1 Safari/605.1.15", 24, isPhone: false),
        Agent(macSafari, "Version/18.6 Safari/605.1.15", 16, isPhone: false),
        Agent(macSafari, "Version/17.6 Safari/605.1.15", 6, isPhone: false),
        Agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "Version/26.1 Mobile/15E148 Safari/604.1", 120, isPhone: true),
        Agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "CriOS/143.0.7499.92 Mobile/15E148 Safari/604.1", 12, isPhone: true),
        Agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "FxiOS/146.0 Mobile/15E148 Safari/605.1.15", 3, isPhone: true),
        Agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "Version/18.6 Mobile/15E148 Safari/604.1", 60, isPhone: true),
        Agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "Mobile/15E148 Instagram 408.0.0.20.79", 9, isPhone: true),
        Agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "Version/18.5 Mobile/15E148 Safari/604.1", 26, isPhone: true),
        Agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "Version/17.7 Mobile/15E148 Safari/604.1", 12, isPhone: true),
        Agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "Version/16.6 Mobile/15E148 Safari/604.1", 6, isPhone: true),
        Agent(
            "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
            "Version/18.6 Mobile/15E148 Safari/604.1", 8, isPhone: false),
        Agent(android, "Chrome/143.0.0.0 Mobile Safari/537.36", 110, isPhone: true),
        Agent(android, "Chrome/142.0.0.0 Mobile Safari/537.36", 44, isPhone: true),
        Agent(android, "Chrome/141.0.0.0 Mobile Safari/537.36", 14, isPhone: true),
        Agent(android, "Chrome/139.0.0.0 Mobile Safari/537.36", 6, isPhone: true),
        Agent(android, "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", 26, isPhone: true),
        Agent(android, "SamsungBrowser/27.0 Chrome/130.0.0.0 Mobile Safari/537.36", 9, isPhone: true),
        Agent("Mozilla/5.0 (Android 15; Mobile; rv:146.0) ", "Gecko/146.0 Firefox/146.0", 5, isPhone: true),
        Agent(
            "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) ",
            "Chrome/143.0.0.0 Safari/537.36", 5, isPhone: false),
        Agent("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "", 4, isPhone: false),
        Agent("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "", 2, isPhone: false),
    ]

    /// Crawlers, by what they call themselves.
    static let bots = [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
        "python-requests/2.32.3", "curl/8.14.1",
    ]
}
