import Access
import Logging
import Storage
import TestSupport
import Testing

/// Access control with a store of keys behind it, and a clock that stands.
struct Guard {
    let control: AccessControl
    let clock = ManualMonotonicClock(1_000_000)
    private let store: Store
    private let folder: TemporaryFolder

    init(_ policy: AccessPolicy = AccessPolicy(), environment: [String: String] = [:]) throws {
        folder = try TemporaryFolder("access")
        store = try Store.open(
            directory: folder.path + "/data", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        control = AccessControl(policy: policy, clock: clock, environment: environment)
    }

    /// Makes a key and puts it in force.
    func make(_ scope: KeyScope, _ site: String?, limits: RateLimits = RateLimits()) throws -> String {
        let made = try KeyChange.create(try NewKey(scope: scope, site: site, limits: limits), in: store, now: 5)
        control.use(made.keys.records, secret: made.keys.secret)
        return made.text
    }

    /// Revokes a key by its text.
    @discardableResult
    func revoke(_ key: String, site: String? = nil) throws -> KeyRecord? {
        let id = try #require(KeyText.id(String(key.dropFirst(5).prefix(12))))
        let (record, keys) = try KeyChange.revoke(id, site: site, in: store, now: 6)
        control.use(keys.records, secret: keys.secret)
        return record
    }

    /// Asks for leave, with everything as text.
    func ask(
        _ scope: KeyScope, key: String? = nil, site: String? = nil, origin: String? = nil,
        from client: String = "192.0.2.1"
    ) -> Outcome {
        let decision = bytes(key) { key in
            bytes(site) { site in
                bytes(origin) { origin in
                    control.admit(
                        AccessRequest(
                            scope: scope, key: key, origin: origin, site: site,
                            client: ClientAddress(client) ?? .unknown))
                }
            }
        }
        switch decision {
        case .refused(let refusal): return .refused(refusal)
        case .admitted(let grant): return .admitted(grant)
        }
    }

    /// What was answered, comparable but for the grant.
    enum Outcome {
        case admitted(AccessGrant)
        case refused(AccessRefusal)

        var refusal: AccessRefusal? { if case .refused(let refusal) = self { refusal } else { nil } }
        var grant: AccessGrant? { if case .admitted(let grant) = self { grant } else { nil } }
    }

    private func bytes<R>(_ text: String?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard var text else { return body(nil) }
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}

/// Lends the bytes of a text.
func withBytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    var copy = text
    return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
}
