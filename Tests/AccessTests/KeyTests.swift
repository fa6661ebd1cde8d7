import Access
import Foundation
import Storage
import TestSupport
import Testing

@Suite("Keys")
struct KeyTests {
    @Test("Without keys everything is open, and what is presented is nobody's")
    func open() throws {
        let guarded = try Guard()
        for scope in KeyScope.allCases {
            let grant = try #require(guarded.ask(scope, key: "nonsense", site: "shop").grant)
            #expect(grant.rule == nil && grant.site == nil && grant.keyID == nil)
            try grant.check(site: "anything")
            try grant.checkServer()
        }
        #expect(guarded.control.datagramRule() == nil)
        #expect(!guarded.control.hasKeys)
    }

    @Test("A site with keys demands them, for its scope and itself; another site stays open")
    func scopes() throws {
        let guarded = try Guard()
        let write = try guarded.make(.write, "shop")
        let read = try guarded.make(.read, "shop")
        let admin = try guarded.make(.admin, "shop")
        let other = try guarded.make(.write, "other")
        #expect(guarded.ask(.write, site: "shop").refusal == .unauthorized)
        #expect(guarded.ask(.read, site: "shop").refusal == .unauthorized)
        #expect(guarded.ask(.write, key: other, site: "shop").refusal == .unauthorized)
        #expect(guarded.ask(.write, key: write, site: "shop").refusal == nil)
        #expect(guarded.ask(.read, key: write, site: "shop").refusal == .wrongScope(needed: .read))
        #expect(guarded.ask(.write, key: read, site: "shop").refusal == .wrongScope(needed: .write))
        #expect(guarded.ask(.admin, key: read, site: "shop").refusal == .wrongScope(needed: .admin))
        for scope in KeyScope.allCases { #expect(guarded.ask(scope, key: admin, site: "shop").refusal == nil) }
        // A site nobody has a key of is open, but not to a key of another: that is a mistake of its sender.
        #expect(guarded.ask(.write, site: "free").refusal == nil)
        #expect(guarded.ask(.write, key: write, site: "free").refusal == .unauthorized)
        // An admin of one site is none of the server.
        let grant = try #require(guarded.ask(.admin, key: admin).grant)
        #expect(throws: AccessRefusal.wrongScope(needed: .admin)) { try grant.checkServer() }
        #expect(grant.site == "shop")
        let nobody = try #require(guarded.ask(.admin).grant)
        #expect(throws: AccessRefusal.unauthorized) { try nobody.checkServer() }
    }

    @Test("An admin key of all sites closes every site and opens all with itself")
    func allSites() throws {
        let guarded = try Guard()
        let admin = try guarded.make(.admin, nil)
        #expect(guarded.ask(.read, site: "free").refusal == .unauthorized)
        #expect(guarded.ask(.write).refusal == .unauthorized)
        for scope in KeyScope.allCases {
            let grant = try #require(guarded.ask(scope, key: admin, site: "free").grant)
            try grant.checkServer()
            try grant.check(site: "any")
        }
        #expect(throws: NewKey.Mistake.self) { try NewKey(scope: .write, site: nil) }
        #expect(throws: NewKey.Mistake.self) { try NewKey(scope: .write, site: "a b") }
        #expect(throws: NewKey.Mistake.self) { try NewKey(scope: .admin, site: nil, name: "a\nb") }
    }

    @Test("Every change of a key's text makes it no key", arguments: [true, false])
    func wrong(isSeeded: Bool) throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var random = SeededGenerator(seed: seed)
        let guarded = try Guard(environment: isSeeded ? [:] : ["SWIFT_DETERMINISTIC_HASHING": "1"])
        let key = try guarded.make(.write, "shop")
        // Before and after it is known by its quick hash.
        for _ in 0..<2 {
            for position in key.indices {
                var wrong = key
                let old = key[position]
                let digit = Character(String(random.int(0...15), radix: 16))
                wrong.replaceSubrange(position...position, with: [digit == old ? "g" : digit])
                #expect(guarded.ask(.write, key: wrong, site: "shop").refusal == .unauthorized, "seed \(seed) \(wrong)")
            }
            for wrong in ["", " ", key + "0", String(key.dropLast()), key.uppercased(), "weir_", key + "\0"] {
                #expect(guarded.ask(.write, key: wrong, site: "shop").refusal == .unauthorized, "\(wrong)")
            }
            #expect(guarded.ask(.write, key: key, site: "shop").refusal == nil)
        }
    }

    @Test("A revoked key is refused at once and as a wrong one is, and its site stays closed")
    func revocation() throws {
        let guarded = try Guard()
        let key = try guarded.make(.write, "shop")
        let admitted = try #require(guarded.ask(.write, key: key, site: "shop").grant)
        #expect(try guarded.revoke(key, site: "other") == nil)
        #expect(guarded.ask(.write, key: key, site: "shop").refusal == nil)
        #expect(try guarded.revoke(key)?.revoked == 6)
        #expect(guarded.ask(.write, key: key, site: "shop").refusal == .unauthorized)
        #expect(guarded.ask(.write, site: "shop").refusal == .unauthorized)
        // What was admitted before is judged by what held then.
        try admitted.check(site: "shop")
        #expect(try guarded.revoke(key)?.revoked == 6, "revoking again changes nothing")
        let next = try guarded.make(.write, "shop")
        #expect(guarded.ask(.write, key: next, site: "shop").refusal == nil)
        #expect(guarded.control.statistics.keys == 1 && guarded.control.statistics.revokedKeys == 1)
    }

    @Test("What lasts ends when its key is revoked or its site gets a key, and nothing else does")
    func watches() throws {
        let guarded = try Guard()
        let first = try guarded.make(.read, "shop")
        let second = try guarded.make(.read, "shop")
        let ended = Ended()
        for (name, key, site) in [("first", first, "shop"), ("second", second, "shop"), ("open", nil, "free")] {
            let grant = try #require(guarded.ask(.read, key: key, site: site).grant)
            _ = guarded.control.watch(grant, site: site) { ended.add(name) }
        }
        #expect(ended.names.isEmpty)
        try guarded.revoke(first)
        #expect(ended.names == ["first"])
        _ = try guarded.make(.write, "free")
        #expect(ended.names == ["first", "open"])
    }

    @Test("Damaged keys close every site")
    func damaged() throws {
        let guarded = try Guard()
        guarded.control.use([], secret: [], isIncomplete: true)
        #expect(guarded.ask(.write, site: "shop").refusal == .unauthorized)
    }

    @Test("A key is found wherever it may stand, the header before the URL")
    func presented() {
        func found(_ weirKey: String?, _ authorization: String?, _ query: String?) -> String? {
            func lend<R>(_ text: String?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
                guard let text else { return body(nil) }
                return withBytes(text) { body($0) }
            }
            return lend(weirKey) { weirKey in
                lend(authorization) { authorization in
                    lend(query) { query in
                        PresentedKey.with(weirKey: weirKey, authorization: authorization, query: query) { key in
                            key.map { String(decoding: $0, as: UTF8.self) }
                        }
                    }
                }
            }
        }
        #expect(found(nil, nil, nil) == nil)
        #expect(found(" a ", "Bearer b", "key=c") == "a")
        #expect(found(nil, "Bearer b", "key=c") == "b")
        #expect(found(nil, "bEARER  b ", nil) == "b")
        #expect(found(nil, "Basic b", "x=1&key=c&y=2") == "c")
        #expect(found(nil, "Bearer", nil) == nil)
        #expect(found(nil, nil, "monkey=c&key=&keys=d") == nil)
        #expect(found(nil, nil, "key=a&key=b") == "b")
        #expect(found(nil, nil, "key=weir%5F1%5") == "weir_1%5")
        #expect(found("", nil, "key=a") == "", "a header that is there counts, though it is empty")
    }

    private final class Ended: @unchecked Sendable {
        // Called by the test's own thread alone.
        var names: [String] = []
        func add(_ name: String) { names.append(name) }
    }
}
