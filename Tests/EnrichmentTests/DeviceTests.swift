import Enrichment
import Testing

@Suite("Dimensions of user agents")
struct DeviceTests {
    /// A real agent with its browser, system and device.
    private static let agents: [(String, String, String, DeviceClass)] = [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
            "Chrome", "Windows", .desktop
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36 Edg/119.0.0.0",
            "Edge", "Windows", .desktop
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox", "Windows",
            .desktop
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 Safari/605.1.15",
            "Safari", "Mac OS X", .desktop
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox", "Ubuntu",
            .desktop
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
            "Chrome", "Linux", .desktop
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
            "Chrome", "Chrome OS", .desktop
        ),
        (
            "Mozilla/5.0 (Windows NT 6.2; ARM; Trident/7.0; Touch; Tablet PC 2.0; rv:11.0) like Gecko", "IE", "Windows",
            .desktop
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 16_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 Mobile/15E148 Safari/604.1",
            "Mobile Safari", "iOS", .mobile
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1",
            "Mobile Safari", "iOS", .tablet
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Mobile Safari/537.36",
            "Chrome Mobile", "Android", .mobile
        ),
        (
            "Mozilla/5.0 (Linux; Android 12; SM-T870) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/102.0.0.0 Safari/537.36",
            "Chrome", "Android", .tablet
        ),
        ("Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/117.0 Firefox/117.0", "Firefox Mobile", "Android", .mobile),
        ("Mozilla/5.0 (Android 13; Tablet; rv:109.0) Gecko/117.0 Firefox/117.0", "Firefox Mobile", "Android", .tablet),
        (
            "Mozilla/5.0 (Linux; Android 10; SAMSUNG SM-G973F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/19.0 Chrome/102.0.5005.125 Mobile Safari/537.36",
            "Samsung Internet", "Android", .mobile
        ),
        (
            "Mozilla/5.0 (Linux; Android 7.0; CUBOT NOTE S Build/NRD90M) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.116 Mobile Safari/537.36",
            "Chrome Mobile", "Android", .mobile
        ),
        (
            "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10", "Opera Mini",
            "Other", .mobile
        ),
        (
            "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.1", "Firefox Mobile",
            "KaiOS",
            .mobile
        ),
        (
            "Mozilla/5.0 (Linux; U; en-US) AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) Version/4.0 Kindle/3.0 (screen 600x800; rotate)",
            "Kindle", "Kindle", .tablet
        ),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 2.4.0) AppleWebkit/538.1 (KHTML, like Gecko) SamsungBrowser/1.1 TV Safari/538.1",
            "Samsung Internet", "Tizen", .tv
        ),
        (
            "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36 WebAppManager",
            "Chrome", "Web0S", .tv
        ),
        ("Roku/DVP-9.10 (519.10E04111A)", "Roku", "Roku", .tv),
        ("Mozilla/5.0 (PlayStation 4 3.11) AppleWebKit/537.73 (KHTML, like Gecko)", "Other", "Other", .console),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/48.0.2564.82 Safari/537.36 Edge/20.02",
            "Edge", "Windows", .console
        ),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", "Other", .bot),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot", "Other", .bot),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "GPTBot", "Other", .bot
        ),
        (
            "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
            "Bytespider", "Android", .bot
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/119.0.0.0 Safari/537.36",
            "HeadlessChrome", "Linux", .bot
        ),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "FacebookBot", "Other", .bot),
        ("UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/", "Other", "Other", .bot),
        ("Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "UptimeRobot", "Other", .bot),
        ("curl/7.88.1", "curl", "Other", .other), ("Wget/1.21.3", "Wget", "Other", .other),
        ("python-requests/2.28.1", "Python Requests", "Other", .other), ("hello", "Other", "Other", .other),
    ]

    @Test("Real agents have the browser, system and device that they are known for")
    func known() throws {
        let patterns = try PackagedPatterns.shared.get()
        for (text, browser, os, device) in Self.agents {
            let agent = patterns.read(text)
            #expect(agent.browser == browser && agent.os == os && agent.device == device, "\(text): \(agent)")
            #expect(agent.isBot == (device == .bot))
        }
    }

    @Test("Browsers on phones in uap-core's tests are hardly ever taken for anything else")
    func plausible() throws {
        let patterns = try PackagedPatterns.shared.get()
        let agents = try PackagedPatterns.cases("test_device.yaml").map(\.agent)
            .filter { $0.contains("Android") && $0.contains("Mobile Safari") }
        let mobile = agents.count { patterns.read($0).device == .mobile }
        #expect(agents.count > 1000 && mobile * 100 >= agents.count * 85, "\(mobile) of \(agents.count)")
    }
}
