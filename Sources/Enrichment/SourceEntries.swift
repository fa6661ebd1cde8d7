extension SourceNames {
    /// Known hosts with their names: search engines, social networks, mail, and the assistants that cite pages. Short on
    /// purpose: a host that is not here counts under itself, which is a good name too.
    static let entries: [(String, String)] = search + social + mail + assistants + others

    private static let search = [
        ("google.com", "Google"), ("com.google.android.googlequicksearchbox", "Google"),
        ("news.google.com", "Google News"), ("bing.com", "Bing"), ("duckduckgo.com", "DuckDuckGo"),
        ("yahoo.com", "Yahoo!"), ("search.yahoo.co.jp", "Yahoo! Japan"), ("yahoo.co.jp", "Yahoo! Japan"),
        ("yandex.com", "Yandex"), ("ya.ru", "Yandex"), ("baidu.com", "Baidu"), ("ecosia.org", "Ecosia"),
        ("search.brave.com", "Brave Search"), ("qwant.com", "Qwant"), ("startpage.com", "Startpage"),
        ("kagi.com", "Kagi"), ("naver.com", "Naver"), ("daum.net", "Daum"), ("seznam.cz", "Seznam"),
        ("sogou.com", "Sogou"), ("so.com", "360 Search"), ("ask.com", "Ask"), ("search.aol.com", "AOL"),
        ("aol.com", "AOL"), ("mojeek.com", "Mojeek"), ("swisscows.com", "Swisscows"), ("petalsearch.com", "Petal"),
    ]

    private static let social = [
        ("facebook.com", "Facebook"), ("fb.com", "Facebook"), ("fb.me", "Facebook"), ("messenger.com", "Messenger"),
        ("com.facebook.katana", "Facebook"), ("instagram.com", "Instagram"), ("threads.net", "Threads"),
        ("threads.com", "Threads"), ("twitter.com", "Twitter"), ("x.com", "Twitter"), ("t.co", "Twitter"),
        ("linkedin.com", "LinkedIn"), ("lnkd.in", "LinkedIn"), ("com.linkedin.android", "LinkedIn"),
        ("reddit.com", "Reddit"), ("redd.it", "Reddit"), ("com.reddit.frontpage", "Reddit"),
        ("youtube.com", "YouTube"), ("youtu.be", "YouTube"), ("pinterest.com", "Pinterest"),
        ("tiktok.com", "TikTok"), ("snapchat.com", "Snapchat"), ("vk.com", "VK"), ("ok.ru", "Odnoklassniki"),
        ("weibo.com", "Weibo"), ("t.cn", "Weibo"), ("tumblr.com", "Tumblr"), ("quora.com", "Quora"),
        ("xing.com", "XING"), ("bsky.app", "Bluesky"), ("go.bsky.app", "Bluesky"), ("mastodon.social", "Mastodon"),
        ("whatsapp.com", "WhatsApp"), ("wa.me", "WhatsApp"), ("telegram.org", "Telegram"), ("t.me", "Telegram"),
        ("org.telegram.messenger", "Telegram"), ("discord.com", "Discord"), ("discordapp.com", "Discord"),
        ("slack.com", "Slack"), ("com.slack", "Slack"), ("teams.microsoft.com", "Microsoft Teams"),
        ("news.ycombinator.com", "Hacker News"), ("lobste.rs", "Lobsters"), ("producthunt.com", "Product Hunt"),
        ("twitch.tv", "Twitch"), ("vimeo.com", "Vimeo"), ("medium.com", "Medium"), ("dev.to", "DEV"),
    ]

    private static let mail = [
        ("mail.google.com", "Gmail"), ("com.google.android.gm", "Gmail"), ("outlook.live.com", "Outlook"),
        ("outlook.office.com", "Outlook"), ("outlook.office365.com", "Outlook"), ("mail.yahoo.com", "Yahoo! Mail"),
        ("mail.proton.me", "Proton Mail"), ("mail.yandex.ru", "Yandex Mail"), ("mail.ru", "Mail.ru"),
        ("gmx.net", "GMX"), ("web.de", "WEB.DE"),
    ]

    private static let assistants = [
        ("chatgpt.com", "ChatGPT"), ("chat.openai.com", "ChatGPT"), ("perplexity.ai", "Perplexity"),
        ("claude.ai", "Claude"), ("gemini.google.com", "Gemini"), ("copilot.microsoft.com", "Copilot"),
        ("chat.mistral.ai", "Mistral"), ("chat.deepseek.com", "DeepSeek"), ("you.com", "You.com"),
    ]

    private static let others = [
        ("wikipedia.org", "Wikipedia"), ("github.com", "GitHub"), ("stackoverflow.com", "Stack Overflow"),
    ]
}
