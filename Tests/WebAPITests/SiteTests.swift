import Compression
import Foundation
import TestSupport
import Testing
import WebAPI

@Suite("What browsers get")
struct SiteTests {
    private let site = Site.shared

    @Test("Every file of the folder is in the program, as it is there")
    func files() throws {
        let folder = Repository.root.appendingPathComponent("Sources/Dashboard/site")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names) == Set(site.assets.keys).union(["index.html", "weir.js"]))
        for (name, file) in site.assets {
            #expect(try [UInt8](Data(contentsOf: folder.appendingPathComponent(name))) == file.bytes, "\(name)")
        }
    }

    @Test("The page asks for nothing that is not served here, and runs nothing inline")
    func page() {
        let html = String(decoding: site.page.bytes, as: UTF8.self)
        #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("{{"))
        #expect(!html.contains("style=") && html.firstMatch(of: #/ on[a-z]+=/#) == nil && !html.contains("<script>"))
        var asked: Set<String> = []
        for part in html.split(separator: "\"") where part.hasPrefix("/assets/") {
            let pieces = part.split(separator: "/")
            #expect(pieces.count == 3 && pieces[1] == site.version[...], "\(part)")
            asked.insert(String(pieces[2]))
        }
        // Whatever is not asked for at once would be waited for later on.
        #expect(asked.union(["icons.svg"]) == Set(site.assets.keys))
    }

    @Test("Modules import what is there, and no text from data becomes HTML")
    func modules() throws {
        for (name, file) in site.assets where name.hasSuffix(".js") {
            let text = String(decoding: file.bytes, as: UTF8.self)
            for banned in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
                #expect(!text.contains(banned), "\(name): \(banned)")
            }
            for found in text.matches(of: /(?:from|import\() ?"\.\/([^"]+)"/) {
                #expect(site.assets[String(found.1)] != nil, "\(name) imports \(found.1)")
            }
            #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 340, "\(name)")
        }
    }

    @Test("The beacon has at most 2 KiB compressed, and its strings no spaces that shortening would lose")
    func beacon() throws {
        let gzipped = try #require(site.beacon.gzipped)
        #expect(gzipped.count <= 2048)
        let text = String(decoding: site.beacon.bytes, as: UTF8.self)
        #expect(!text.contains("//stats") && !text.contains("\n "))
        // Between quotation marks there are no spaces, so that none of them can be missed.
        let source = try String(
            contentsOf: Repository.root.appendingPathComponent("Sources/Dashboard/site/weir.js"), encoding: .utf8)
        for line in source.split(separator: "\n") where !line.drop(while: { $0 == " " }).hasPrefix("//") {
            let strings = line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }
            #expect(strings.allSatisfy { !$0.element.contains(" ") }, "\(line)")
            #expect(!line.contains("`"), "\(line)")
        }
    }

    @Test("Files are served compressed, kept for good under their version, and known by their tags")
    func serving() async throws {
        try await RunningServer.with("site") { server in
            let site = Site.shared
            let page = try await server.request("GET", "/")
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.headers["cache-control"] == "no-cache")
            #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            let path = "/assets/\(site.version)/main.js"
            let file = try await server.request("GET", path)
            #expect(file.status == 200 && file.headers["content-encoding"] == nil)
            #expect(file.headers["cache-control"]?.contains("immutable") == true)
            #expect(file.headers["content-type"] == "text/javascript; charset=utf-8")
            let gzip = [("Accept-Encoding", "br, gzip;q=0.8")]
            let packed = try await server.request("GET", path, headers: gzip)
            #expect(packed.headers["content-encoding"] == "gzip")
            #expect(packed.body == site.assets["main.js"]?.gzipped)
            #expect(packed.headers["etag"] != file.headers["etag"])
            let refused = try await server.request("GET", path, headers: [("Accept-Encoding", "gzip;q=0")])
            #expect(refused.headers["content-encoding"] == nil)
            for tag in [packed.headers["etag"], file.headers["etag"]] {
                let known = try await server.request(
                    "GET", path, headers: gzip + [("If-None-Match", "\"x\", W/\(try #require(tag))")])
                #expect(known.status == 304 && known.body.isEmpty)
            }
            let stale = try await server.request("GET", "/assets/0000000000000000/main.js")
            #expect(stale.status == 200 && stale.headers["cache-control"] == "no-cache")
            for nothing in ["/assets/\(site.version)/nothing.js", "/assets/main.js", "/assets/a/b/main.js"] {
                #expect(try await server.request("GET", nothing).status == 404, "\(nothing)")
            }
            let beacon = try await server.request("GET", "/weir.js")
            #expect(beacon.headers["cross-origin-resource-policy"] == "cross-origin")
            #expect(beacon.headers["cache-control"]?.contains("max-age=3600") == true)
            #expect(beacon.body == site.beacon.bytes)
        }
    }
}
