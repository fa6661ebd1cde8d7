/// What a user agent's dimensions are.
package struct UserAgent: Sendable, Equatable {
    /// The browser's family as uap-core names it, `Other` where it knows none.
    package var browser: String
    /// The system's family as uap-core names it, `Other` where it knows none.
    package var os: String
    package var device: DeviceClass
    /// Whether a program, and not a person, looks at the page: crawlers, monitors, link previews, feed readers and
    /// browsers without a screen.
    package var isBot: Bool

    /// Derives them from what the patterns say.
    ///
    /// - Parameter text: the agent.
    package init(_ families: UserAgentPatterns.Families, text: String) {
        let text = text.lowercased()
        browser = families.browser
        os = families.os
        isBot = families.device == "Spider" || families.brand == "Spider" || UserAgent.namesRobot(text)
        device = isBot ? .bot : DeviceClass(families, text: text)
    }

    /// Words by which programs name themselves and which the patterns do not know; the address that a crawler leaves for
    /// questions is one.
    private static let words = [
        "crawler", "spider", "slurp", "headless", "phantomjs", "lighthouse", "feedparser", "feedburner", "feedfetcher",
        "feedbin", "+http://", "+https://", "bot/", "bot;", "monitoring", "pingdom",
    ]

    private static func namesRobot(_ text: String) -> Bool {
        words.contains { text.contains($0) }
    }
}

/// What kind of device a user agent runs on: the value of the dimension `device`.
package enum DeviceClass: String, Sendable, CaseIterable {
    case desktop, mobile, tablet, tv, console, bot, other

    /// Desktop systems by their families, as uap-core names them; every `Windows` but those of phones is one too.
    private static let desktops: Set<String> = [
        "Mac OS X", "Mac OS", "Linux", "Ubuntu", "Debian", "Fedora", "Red Hat", "CentOS", "SUSE", "Gentoo", "Slackware",
        "Arch Linux", "Linux Mint", "Mandriva", "Puppy", "PCLinuxOS", "Chrome OS", "FreeBSD", "OpenBSD", "NetBSD",
        "DragonFly", "Solaris", "BeOS", "GoogleTV",
    ]
    /// Systems of telephones.
    private static let mobiles: Set<String> = [
        "iOS", "Android", "Windows Phone", "Windows Mobile", "Windows CE", "BlackBerry OS", "Firefox OS", "KaiOS",
        "Symbian OS", "Symbian^3", "Symbian^3 Anna", "Symbian^3 Belle", "Nokia Series 40", "Nokia Series 30 Plus",
        "Bada", "MeeGo", "Maemo", "Tizen", "webOS", "Brew MP", "Sailfish", "Harmony OS",
    ]
    private static let televisions = [
        "smart-tv", "smarttv", "smart tv", "hbbtv", "appletv", "apple tv", "googletv", "google tv", "androidtv",
        "android tv", "bravia", "netcast", "viera", "crkey", "roku", "aftb", "aftt", "afts", "aftm", "aftn", "web0s",
        "opera tv", "tvos", "mibox", "shield android", "; tv;", " tv safari",
    ]
    private static let consoles = ["playstation", "nintendo", "xbox"]
    private static let tablets = ["ipad", "tablet", "kindle", "playbook", "silk/"]
    /// Programs that fetch for other programs; what they run on says nothing about a visitor.
    private static let libraries: Set<String> = [
        "curl", "Wget", "Python Requests", "Go-http-client", "okhttp", "Apache-HttpClient", "libwww-perl", "axios",
        "PostmanRuntime",
    ]

    /// The class of an agent that is no bot: the first that fits of console, television, tablet, telephone, desktop.
    ///
    /// An Android agent without `Mobile` is a tablet, as Google has it for Chrome.
    ///
    /// - Parameter text: the agent in lower case.
    init(_ families: UserAgentPatterns.Families, text: String) {
        func has(_ words: [String]) -> Bool { words.contains { text.contains($0) } }
        let isAndroid = families.os == "Android"
        if DeviceClass.libraries.contains(families.browser) {
            self = .other
        } else if has(DeviceClass.consoles) {
            self = .console
        } else if has(DeviceClass.televisions) || families.brand == "Generic_Inettv" {
            self = .tv
        } else if has(DeviceClass.tablets) && families.os != "Windows" || families.device == "Generic Tablet"
            || families.device == "iPad" || isAndroid && !text.contains("mobile") && !text.contains("opera mini")
        {
            self = .tablet
        } else if DeviceClass.mobiles.contains(families.os) || families.device == "Generic Feature Phone"
            || families.device == "Generic Smartphone" || families.device == "iPhone" || has(["opera mini", "ucweb"])
        {
            self = .mobile
        } else if families.os.hasPrefix("Windows") || DeviceClass.desktops.contains(families.os) {
            self = .desktop
        } else {
            self = .other
        }
    }
}
