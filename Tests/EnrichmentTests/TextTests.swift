import Enrichment
import Testing

@Suite("Languages, screens and sources")
struct TextTests {
    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test(
        "Languages are spelled as BCP 47 has them; what is no tag stays as it is",
        arguments: [
            ("DE-de", "de-DE"), ("EN", "en"), ("pt_br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"),
            ("sr-LATN-rs", "sr-Latn-RS"),
            ("ES-419", "es-419"), ("de-DE,de;q=0.9", "de-DE"), (" en-gb ", "en-GB"), ("en-US-X-TWAIN", "en-US-x-twain"),
            ("de-CH-1901", nil), ("de", nil), ("de-DE", nil), ("zh-Hant-TW", nil), ("", nil), ("-", nil), ("d", nil),
            ("german!", nil), ("C", nil), ("en-", nil), ("toolonglanguage", nil), ("français", nil), ("a,b", nil),
        ] as [(String, String?)])
    func language(sent: String, kept: String?) {
        #expect(text(Array(sent.utf8).withUnsafeBytes { LanguageTag.normalized($0) }) == kept)
    }

    @Test(
        "Of an Accept-Language the one that weighs most counts",
        arguments: [
            ("de-ch, fr;q=0.9", "de-CH"), ("fr;q=0.5, de;q=0.8, *;q=0.9", "de"), ("*", nil), ("", nil), ("en;q=0", nil),
            (",,;;,en", "en"), ("de;q=1.0,en;q=1", "de"), ("fr; q = 0.2, nl;q=0.300", "nl"), ("en;q=x", nil),
        ] as [(String, String?)])
    func accepted(header: String, language: String?) {
        #expect(text(LanguageTag.first(accepted: Array(header.utf8))) == language)
    }

    @Test(
        "Screens are spelled WIDTHxHEIGHT; what is no size stays as it is",
        arguments: [
            ("1920 x 1080", "1920x1080"), ("1920X1080", "1920x1080"), ("1920*1080", "1920x1080"),
            ("390 × 844", "390x844"),
            (" 1x2 ", "1x2"), ("1920x1080", nil), ("1920x", nil), ("x", nil), ("", nil), ("wide", nil),
            ("1920x1080x24", nil), ("123456x1", nil), ("1920 1080", nil),
        ] as [(String, String?)])
    func screen(sent: String, kept: String?) {
        #expect(text(Array(sent.utf8).withUnsafeBytes { ScreenSize.normalized($0) }) == kept)
    }

    @Test(
        "Known hosts have a name, with all their subdomains and countries",
        arguments: [
            ("www.google.com", "Google"), ("google.de", "Google"), ("www.google.co.uk", "Google"),
            ("mail.google.com", "Gmail"), ("news.google.com", "Google News"), ("com.google.android.gm", "Gmail"),
            ("lm.facebook.com", "Facebook"), ("t.co", "Twitter"), ("old.reddit.com", "Reddit"),
            ("news.ycombinator.com", "Hacker News"), ("de.search.yahoo.com", "Yahoo!"), ("yandex.ru", "Yandex"),
            ("chatgpt.com", "ChatGPT"), ("en.wikipedia.org", "Wikipedia"), ("google.evil.example", nil),
            ("notgoogle.com", nil), ("google.com.evil.example", nil), ("example.com", nil), ("localhost", nil),
            ("", nil),
            (".", nil), ("..", nil), ("google", nil),
        ] as [(String, String?)])
    func host(host: String, name: String?) {
        #expect(Array(host.utf8).withUnsafeBytes { SourceNames.referrer(host: $0) } == name)
    }

    @Test(
        "Campaigns of known sources have their name, whatever their case",
        arguments: [
            ("google", "Google"), ("GOOGLE", "Google"), ("fb", "Facebook"), ("Twitter", "Twitter"), ("ig", "Instagram"),
            ("chatgpt.com", "ChatGPT"), ("hacker news", "Hacker News"), ("newsletter", nil), ("", nil),
        ] as [(String, String?)])
    func campaign(source: String, name: String?) {
        #expect(Array(source.utf8).withUnsafeBytes { SourceNames.campaign($0) } == name)
    }
}
