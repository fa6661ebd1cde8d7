/// What a logged request counts as: the name of its event.
public enum RequestKind: String, Sendable, CaseIterable {
    /// A page that was answered: a GET of a target that looks like a page, answered with success or from the client's
    /// own copy (304).
    case pageView = "page_view"
    /// A file that belongs to a page: style, script, picture, font.
    case asset
    /// A file that is fetched for itself: a document, an archive, a program, sound or film.
    case download
    /// A request that was sent elsewhere. The page it leads to is a request of its own.
    case redirect
    /// A request that was refused or failed: status 400 and above.
    case error
    /// All others: forms, API calls, HEAD.
    case request

    /// Tells what a request is.
    public init(method: String, target: String, status: Int) {
        switch status {
        case 400...: self = .error
        case 300..<400 where status != 304: self = .redirect
        case _ where method != "GET": self = .request
        default:
            let ending = RequestKind.ending(of: target)
            if RequestKind.assets.contains(ending) {
                self = .asset
            } else if RequestKind.downloads.contains(ending) {
                self = .download
            } else {
                self = .pageView
            }
        }
    }

    /// What stands behind the last dot of the path's last part, in lower case; empty where there is none.
    private static func ending(of target: String) -> String {
        let path = target.prefix { $0 != "?" && $0 != "#" }
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let dot = name.lastIndex(of: ".") else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    private static let assets: Set<String> = [
        "css", "js", "mjs", "map", "json", "xml", "txt", "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico",
        "bmp",
        "tif", "tiff", "woff", "woff2", "ttf", "otf", "eot", "wasm", "webmanifest", "swf",
    ]
    private static let downloads: Set<String> = [
        "pdf", "zip", "gz", "tgz", "tar", "bz2", "xz", "zst", "7z", "rar", "jar", "war", "exe", "msi", "dmg", "pkg",
        "deb", "rpm", "apk", "iso", "img", "bin", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp",
        "rtf", "csv", "epub", "mobi", "ps", "mp3", "ogg", "wav", "flac", "m4a", "mp4", "webm", "avi", "mov", "mkv",
        "torrent",
    ]
}
