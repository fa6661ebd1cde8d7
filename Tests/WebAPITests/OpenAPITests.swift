import TestSupport
import Testing
import WebAPI

@Suite("The API's description")
struct OpenAPITests {
    private let document: JSON

    init() throws {
        document = try JSON(parsing: OpenAPIDocument.bytes)
    }

    @Test("It describes exactly what is served")
    func agreement() throws {
        let methods: Set<String> = ["get", "post", "put", "delete", "patch", "head", "options"]
        var described: Set<String> = []
        for (path, item) in try #require(document["paths"]?.object) {
            for method in try #require(item.object).keys where methods.contains(method) {
                described.insert("\(method.uppercased()) \(path)")
            }
        }
        #expect(described == Set(Endpoint.allCases.map(\.rawValue)))
    }

    @Test("Every reference leads somewhere, and every component is used")
    func references() throws {
        var found: Set<String> = []
        collect(document, into: &found)
        for reference in found {
            var place: JSON? = document
            for part in reference.dropFirst(2).split(separator: "/") {
                place = place?[String(part)]
            }
            #expect(place != nil, "\(reference) leads nowhere")
        }
        for (group, members) in try #require(document["components"]?.object) where group != "securitySchemes" {
            for name in try #require(members.object).keys {
                #expect(found.contains("#/components/\(group)/\(name)"), "\(name) is not used")
            }
        }
    }

    @Test("Every way of presenting a key is described, and every operation that demands one says so")
    func security() throws {
        let schemes = try #require(document["components"]?["securitySchemes"]?.object)
        let ways = try #require(document["security"]?.array)
        #expect(Set(ways.flatMap { $0.object?.keys.map { $0 } ?? [] }) == Set(schemes.keys))
        let open: Set<Endpoint> = [.health, .readiness, .openAPI, .page, .beacon, .asset, .pixel]
        for endpoint in Endpoint.allCases {
            let operation = document["paths"]?[endpoint.path]?[endpoint.method.lowercased()]
            let isDescribed = operation?["responses"]?["401"] != nil && operation?["responses"]?["403"] != nil
            #expect(isDescribed != open.contains(endpoint), "\(endpoint.rawValue)")
        }
    }

    @Test("It is of version 3.1, and each operation has an id of its own and an answer")
    func operations() throws {
        #expect(document["openapi"]?.text == "3.1.0")
        var ids: Set<String> = []
        for endpoint in Endpoint.allCases {
            let operation = document["paths"]?[endpoint.path]?[endpoint.method.lowercased()]
            let id = try #require(operation?["operationId"]?.text)
            #expect(ids.insert(id).inserted)
            #expect(operation?["responses"]?["200"] != nil)
        }
    }

    @Test("The pixel takes every text field that the description of an event names")
    func pixelFields() throws {
        let pixel = try #require(document["paths"]?["/v1/pixel.gif"]?["get"]?["parameters"]?.array)
        let event = try #require(document["components"]?["schemas"]?["Event"]?["properties"]?.object)
        #expect(Set(pixel.compactMap { $0["name"]?.text }) == Set(event.keys))
    }

    @Test(
        "Paths and methods lead to their endpoints",
        arguments: [
            ("/v1/query/top", "top", 2), ("/v1/query/", "", 0), ("/v1/query/a/b", "", 0), ("/v1/events", "", 1),
            ("/v1/events/", "", 0), ("/", "", 1), ("/nothing", "", 0), ("/assets/v/main.js", "v/main.js", 1),
            ("/assets/main.js", "", 0), ("/assets/v/folder/main.js", "", 0),
        ])
    func routing(path: String, kind: String, count: Int) {
        let (endpoints, found) = Endpoint.at(path: path)
        #expect(endpoints.count == count)
        #expect(found == kind)
    }

    private func collect(_ value: JSON, into found: inout Set<String>) {
        for (key, member) in value.object ?? [:] {
            if key == "$ref", let text = member.text {
                found.insert(text)
            }
            collect(member, into: &found)
        }
        for element in value.array ?? [] {
            collect(element, into: &found)
        }
    }
}
