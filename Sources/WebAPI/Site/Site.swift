import Dashboard

/// What browsers get: the dashboard at `/`, its files under `/assets/VERSION/`, and the beacon at `/weir.js`.
///
/// The version is a hash of all files, so that a browser keeps them for good and asks again for the page alone; names
/// stay as they are, and modules import each other by them.
package struct Site: Sendable {
    /// Nothing but the server's own parts may be loaded or called, and nothing inline is run.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    /// The beacon's name; it is served as a file of its own.
    private static let beaconName = "weir.js"
    private static let pageName = "index.html"

    /// Made at the first request, in some milliseconds.
    package static let shared = Site(Site.embedded())

    package let page: SiteFile
    package let beacon: SiteFile
    /// A hash of all assets.
    package let version: String
    /// By name: everything besides the page and the beacon.
    package let assets: [String: SiteFile]

    /// - Parameter files: names and bytes, the page and the beacon among them.
    init(_ files: [(name: String, bytes: [UInt8])]) {
        let others = files.filter { $0.name != Self.pageName && $0.name != Self.beaconName }
        version = SiteFile.hash(others.flatMap { Array($0.name.utf8) + $0.bytes })
        assets = Dictionary(uniqueKeysWithValues: others.map { ($0.name, SiteFile(name: $0.name, bytes: $0.bytes)) })
        let text = { (name: String) in
            String(decoding: files.first { $0.name == name }?.bytes ?? [], as: UTF8.self)
        }
        let html = Self.filled(
            text(Self.pageName), folder: "/assets/\(version)",
            modules: others.map(\.name).filter { $0.hasSuffix(".js") && $0 != "main.js" }.sorted())
        page = SiteFile(name: Self.pageName, bytes: Array(html.utf8))
        beacon = SiteFile(name: Self.beaconName, bytes: Array(BeaconText.shortened(text(Self.beaconName)).utf8))
    }

    /// The page with the folder of its assets, and with all modules to be loaded at once rather than one after the
    /// other as they import each other.
    private static func filled(_ html: String, folder: String, modules: [String]) -> String {
        let preload = modules.map { "<link rel=\"modulepreload\" href=\"\(folder)/\($0)\">" }.joined(separator: "\n")
        var lines: [String] = []
        for line in html.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "{{preload}}" {
                lines.append(preload)
            } else {
                let parts = line.split(separator: "{{assets}}", omittingEmptySubsequences: false)
                lines.append(parts.joined(separator: folder))
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The files that the compiler put into the program.
    private static func embedded() -> [(name: String, bytes: [UInt8])] {
        (0..<weir_site_file_count).compactMap { index in
            guard let file = weir_site_file_at(index) else { return nil }
            return (
                String(cString: file.pointee.name),
                Array(UnsafeBufferPointer(start: file.pointee.bytes, count: file.pointee.count))
            )
        }
    }
}
