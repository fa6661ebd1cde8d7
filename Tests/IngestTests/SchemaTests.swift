import Events
import Ingest
import Storage
import Testing

@Suite("Schemas of sites")
struct SchemaTests {
    private typealias Event = EventSchema.Event
    private typealias Property = EventSchema.Property

    private static let shop = EventSchema(
        isClosed: true,
        events: [
            Event(name: "view", properties: []),
            Event(
                name: "purchase", isClosed: true,
                properties: [
                    Property(name: "amount", types: [.number, .integer], isRequired: true, minimum: 0, maximum: 1000),
                    Property(name: "currency", types: .string, isRequired: true, allowed: ["EUR", "USD"]),
                    Property(name: "items", types: .integer),
                    Property(name: "gift", types: .boolean),
                    Property(name: "note", types: .string, minLength: 2, maxLength: 4),
                    Property(name: "cart.size", types: [.number, .integer], allowed: ["1", "2.5"]),
                ]),
        ])

    /// An event of the schema and why it is refused; `nil` if it is not.
    private static let cases: [(event: String, code: String?)] = [
        (#"{"event":"view"}"#, nil),
        (#"{"event":"view","props":{"any":"thing"}}"#, nil),
        (#"{"event":"click"}"#, "schema_event_not_allowed"),
        (#"{"event":"purchase","props":{"amount":5,"currency":"EUR"}}"#, nil),
        (#"{"event":"purchase","props":{"amount":0,"currency":"USD","items":3,"gift":true,"note":"äöü€"}}"#, nil),
        (#"{"event":"purchase","props":{"amount":1000.0,"currency":"EUR","items":3.0}}"#, nil),
        (#"{"event":"purchase"}"#, "schema_property_missing"),
        (#"{"event":"purchase","props":{"amount":5,"currency":null}}"#, "schema_property_missing"),
        (#"{"event":"purchase","props":{"amount":"5","currency":"EUR"}}"#, "schema_property_type"),
        (#"{"event":"purchase","props":{"amount":5,"currency":"EUR","items":3.5}}"#, "schema_property_type"),
        (#"{"event":"purchase","props":{"amount":5,"currency":"EUR","gift":"true"}}"#, "schema_property_type"),
        (#"{"event":"purchase","props":{"amount":-0.01,"currency":"EUR"}}"#, "schema_property_range"),
        (#"{"event":"purchase","props":{"amount":1000.01,"currency":"EUR"}}"#, "schema_property_range"),
        (#"{"event":"purchase","props":{"amount":5,"currency":"GBP"}}"#, "schema_property_enum"),
        (#"{"event":"purchase","props":{"amount":5,"currency":["EUR","USD"]}}"#, nil),
        (#"{"event":"purchase","props":{"amount":5,"currency":["EUR","GBP"]}}"#, "schema_property_enum"),
        (#"{"event":"purchase","props":{"amount":5,"currency":"EUR","note":"x"}}"#, "schema_property_length"),
        (#"{"event":"purchase","props":{"amount":5,"currency":"EUR","note":"äöü€x"}}"#, "schema_property_length"),
        (#"{"event":"purchase","props":{"amount":5,"currency":"EUR","colour":"red"}}"#, "schema_property_not_allowed"),
        (#"{"event":"purchase","props":{"amount":5,"currency":"EUR","cart":{"size":2.5}}}"#, nil),
        (#"{"event":"purchase","props":{"amount":5,"currency":"EUR","cart":{"size":2}}}"#, "schema_property_enum"),
    ]

    @Test("An event that breaks a rule is refused by it, with the property named, also after a restart")
    func rejects() async throws {
        try await IngestHarness.with { harness in
            _ = try harness.service.store.declareSchema(Self.shop, site: "shop", force: false)
            for round in 0..<2 {
                let answer = try await harness.send(Self.cases.map(\.event).joined(separator: "\n"), site: "shop")
                let refused = Self.cases.enumerated().filter { $0.element.code != nil }
                #expect(answer.errors.map(\.index) == refused.map(\.offset))
                #expect(answer.errors.map(\.code) == refused.compactMap(\.element.code))
                for (problem, item) in zip(answer.errors, refused) where item.element.event.contains("purchase") {
                    #expect(problem.detail.contains("props."), "\(problem.detail)")
                    #expect(problem.detail.contains("version 1"))
                }
                // A schema is its site's alone.
                #expect(try await harness.send(#"{"event":"click"}"#).accepted == 1)
                #expect(harness.metric("weir_schema_version", "shop") == 1)
                if round == 0 { try await harness.restart() }
            }
        }
    }

    @Test("A schema that warns takes everything, and counts what it would refuse")
    func warns() async throws {
        try await IngestHarness.with { harness in
            var schema = Self.shop
            schema.mode = .warn
            _ = try harness.service.store.declareSchema(schema, site: "shop", force: false)
            let answer = try await harness.send(Self.cases.map(\.event).joined(separator: "\n"), site: "shop")
            #expect(answer.accepted == Self.cases.count)
            #expect(harness.metric("weir_schema_warnings_total") == Self.cases.count { $0.code != nil })
            #expect(harness.metric("weir_schema_warnings_total", "schema_property_enum") == 3)
        }
    }

    @Test("What a new version refuses and the one before it took is listed, and needs to be meant")
    func compatibility() async throws {
        try await IngestHarness.with { harness in
            // Not held over the restart.
            var store: Store { harness.service.store }
            func declare(_ schema: EventSchema, force: Bool = false) throws -> SchemaDeclaration {
                try store.declareSchema(schema, site: "shop", force: force)
            }
            #expect(try declare(Self.shop) == .declared(version: 1, breaks: []))
            #expect(try declare(Self.shop) == .unchanged(version: 1))
            var wider = Self.shop
            wider.events[1].properties[0].maximum = 2000
            wider.events[1].properties[1].isRequired = false
            wider.events.append(Event(name: "signup", properties: [Property(name: "plan", isRequired: true)]))
            #expect(try declare(wider) == .declared(version: 2, breaks: []))
            let back: [SchemaBreak] = [
                SchemaBreak(rule: .eventNotAllowed, event: "signup", property: nil),
                SchemaBreak(rule: .maximum, event: "purchase", property: "amount"),
                SchemaBreak(rule: .required, event: "purchase", property: "currency"),
            ]
            #expect(try declare(Self.shop) == .breaking(back))
            #expect(try store.schemaVersions(site: "shop").map(\.number) == [1, 2])
            #expect(try declare(Self.shop, force: true) == .declared(version: 3, breaks: back))
            #expect(try await harness.send(#"{"event":"signup"}"#, site: "shop").rejected == 1)
            try await harness.restart()
            #expect(
                try harness.service.store.schemaVersions(site: "shop").map(\.schema) == [Self.shop, wider, Self.shop])
        }
    }

    /// Schemas of one event and one property, and events, so few that every pair can be looked at.
    private static let small: [EventSchema] = {
        var schemas: [EventSchema] = [EventSchema(), EventSchema(isClosed: true)]
        let rules: [Property?] = [
            nil, Property(name: "p"), Property(name: "p", isRequired: true), Property(name: "p", types: .string),
            Property(name: "p", types: [.number, .integer]), Property(name: "p", types: .integer),
            Property(name: "p", types: .integer, minimum: 2), Property(name: "p", minimum: 1, maximum: 3),
            Property(name: "p", allowed: ["1", "x"]), Property(name: "p", types: .string, maxLength: 1),
            Property(name: "p", minLength: 2), Property(name: "p", types: .boolean),
        ]
        for mode in EventSchema.Mode.allCases {
            for isClosed in [false, true] {
                for isEventClosed in [false, true] {
                    for rule in rules {
                        let event = Event(name: "e", isClosed: isEventClosed, properties: rule.map { [$0] } ?? [])
                        schemas.append(EventSchema(mode: mode, isClosed: isClosed, events: [event]))
                    }
                }
            }
        }
        return schemas
    }()

    @Test("A version without breaks takes every event that the one before it took, over all pairs of small schemas")
    func exhaustive() throws {
        let hash = EventHash(seed: 7)
        let events =
            [
                #"{"event":"f"}"#, #"{"event":"e"}"#, #"{"event":"e","props":{"q":1}}"#,
            ]
            + ["1", "2", "3.5", "4", #""x""#, #""xy""#, #""1""#, "true", #"["x",2]"#].map {
                #"{"event":"e","props":{"p":\#($0)}}"#
            }
        let body = Array(events.joined(separator: "\n").utf8)
        // Which events each schema takes.
        let taken = try Self.small.map { schema in
            let registry = SchemaRegistry(hash: hash)
            registry.set(schema, version: 1, site: "default")
            let decoder = EventDecoder(hash: hash, propertyNames: PropertyNames(hash: hash), schemas: registry)
            let decoded = try decoder.decode(body, context: DecodeContext(now: IngestHarness.start) { _, _ in "v" })
            return Set(events.indices).subtracting(decoded.rejections.map(\.index))
        }
        var (compatible, breaking) = (0, 0)
        for (old, before) in zip(Self.small, taken) {
            for (new, after) in zip(Self.small, taken) {
                if new.breaks(comparedTo: old).isEmpty {
                    compatible += 1
                    #expect(before.isSubset(of: after), "\(old) → \(new)")
                } else if !before.isSubset(of: after) {
                    breaking += 1
                }
            }
        }
        #expect(compatible > 1000 && breaking > 1000)
    }

    @Test("Versions are bounded, and a site's deletion takes them")
    func history() async throws {
        var options = StoreOptions()
        options.schemaVersionsPerSite = 3
        try await IngestHarness.with(options: options) { harness in
            let store = harness.service.store
            for number in 0..<6 {
                let schema = EventSchema(events: [Event(name: "e\(number)")])
                _ = try store.declareSchema(schema, site: "shop", force: true)
            }
            #expect(try store.schemaVersions(site: "shop").map(\.number) == [4, 5, 6])
            _ = try store.declareSchema(EventSchema(isClosed: true), site: "shop", force: true)
            #expect(try await harness.send(#"{"event":"a"}"#, site: "shop").rejected == 1)
            _ = try store.deleteSite("shop")
            #expect(try store.schemaVersions(site: "shop").isEmpty)
            #expect(try await harness.send(#"{"event":"a"}"#, site: "shop").accepted == 1)
        }
    }
}
