import Access
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// Who may do what: asks ``AccessControl`` with what a request brings along.
extension WebResponder {
    /// Admits a request, or throws why not.
    ///
    /// - Parameters:
    ///   - scope: what it does.
    ///   - withOrigin: whether the origin of its page counts, as with what brings events.
    ///   - pathSite: the site, where it stands in the path; else that of `?site=` counts.
    func admit(
        _ request: Request, _ scope: KeyScope, context: WebContext, withOrigin: Bool = false, pathSite: String? = nil
    ) throws(Problem) -> AccessGrant {
        let client = client(of: request, context: context)
        let origin = withOrigin ? request.headers[.origin] : nil
        let site = pathSite ?? Self.namedSite(request)
        let decision = Bytes.with(request.headers[.weirKey]) { weirKey in
            Bytes.with(request.headers[.authorization]) { authorization in
                Bytes.with(request.uri.query) { query in
                    PresentedKey.with(weirKey: weirKey, authorization: authorization, query: query) { key in
                        Bytes.with(origin) { origin in
                            Bytes.with(site) { site in
                                access.admit(
                                    AccessRequest(scope: scope, key: key, origin: origin, site: site, client: client))
                            }
                        }
                    }
                }
            }
        }
        switch decision {
        case .admitted(let grant): return grant
        case .refused(let refusal): throw Problem(refusal)
        }
    }

    /// Admits a request that is about one site, which stands elsewhere than in `?site=`.
    func admit(
        _ request: Request, _ scope: KeyScope, site: String, context: WebContext
    ) throws(Problem) -> AccessGrant {
        let grant = try admit(request, scope, context: context, pathSite: site)
        do {
            try grant.check(site: site)
        } catch {
            throw Problem(error)
        }
        return grant
    }

    /// What `?site=` says; `nil` where it says nothing.
    private static func namedSite(_ request: Request) -> String? {
        request.uri.query.flatMap { QueryString($0)["site"] }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Admits a request that is about the site of `?site=`, else that of its key, else `default`.
    ///
    /// - Returns: the site.
    func admitSite(_ request: Request, _ scope: KeyScope, context: WebContext) throws(Problem) -> String {
        let grant = try admit(request, scope, context: context)
        let site = try QueryString(request.uri.query ?? "").site() ?? grant.site ?? "default"
        do {
            try grant.check(site: site)
        } catch {
            throw Problem(error)
        }
        return site
    }

    /// Admits a request that is about the whole server.
    func admitServer(_ request: Request, _ scope: KeyScope, context: WebContext) throws(Problem) {
        let grant = try admit(request, scope, context: context)
        do {
            try grant.checkServer()
        } catch {
            throw Problem(error)
        }
    }

    /// The client of a request, seen through the trusted proxies.
    func client(of request: Request, context: WebContext) -> ClientAddress {
        let peer = context.channel.remoteAddress?.clientAddress ?? .unknown
        guard access.hasProxies else { return peer }
        return access.client(
            peer: peer, forwardedFor: request.headers[values: .forwardedFor],
            forwarded: request.headers[values: .forwarded])
    }

    /// Whether a request comes from this machine, as far as can be told: a proxy on this machine that says for whom it asks
    /// is not taken for it.
    func isLocal(_ request: Request, context: WebContext) -> Bool {
        context.channel.remoteAddress?.clientAddress?.isLoopback == true
            && request.headers[.forwardedFor] == nil && request.headers[.forwarded] == nil
    }

    /// What an answer to a page of another origin says.
    func setOrigin(_ response: inout Response, request: Request, grant: AccessGrant?) {
        let site = Self.namedSite(request)
        let answer = Bytes.with(request.headers[.origin]) { origin in
            Bytes.with(site ?? grant?.site) { access.originAnswer(origin, site: $0) }
        }
        switch answer {
        case .any: response.headers[.accessControlAllowOrigin] = "*"
        case .echo: response.headers[.accessControlAllowOrigin] = request.headers[.origin]
        case .none: break
        }
        if access.variesByOrigin { response.headers[.vary] = "Origin" }
    }
}

/// Texts as the bytes they are.
enum Bytes {
    /// Lends the bytes of a text.
    static func with<Result>(_ text: String?, _ body: (UnsafeRawBufferPointer?) -> Result) -> Result {
        guard var text else { return body(nil) }
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}

extension SocketAddress {
    /// The address without its port; `nil` for a socket that is no Internet one.
    package var clientAddress: ClientAddress? { withSockAddr { address, _ in ClientAddress(address) } }
}

extension HTTPField.Name {
    static let weirKey = HTTPField.Name("X-Weir-Key") ?? .authorization
    static let forwardedFor = HTTPField.Name("X-Forwarded-For") ?? .via
    static let forwarded = HTTPField.Name("Forwarded") ?? .via
}

extension Problem {
    /// The answer to a request that may not be made.
    ///
    /// Whether a key is missing, wrong, revoked or another site's is not said: it is one and the same answer.
    init(_ refusal: AccessRefusal) {
        switch refusal {
        case .unauthorized: self = .unauthorized
        case .wrongScope(let needed):
            self.init(
                403, code: "wrong_scope", title: "The key may not be used for this",
                detail: "This needs a key of the scope \(needed.name).")
        case .forbiddenOrigin:
            self.init(
                403, code: "forbidden_origin", title: "Pages of this origin may not send events",
                detail: "The origin of the page is not among those that the site allows; its owner lists them in the "
                    + "configuration file under sites.SITE.origins.")
        case .limited(let seconds):
            self.init(
                429, code: "rate_limited", title: "Too much in too short a time",
                detail: "The key or the address has sent more than its limit allows; send it again later.",
                retryAfterSeconds: seconds)
        }
    }

    static let unauthorized = Problem(
        401, code: "unauthorized", title: "A valid key is needed",
        detail: "Send a key of the site as Authorization: Bearer KEY, as X-Weir-Key: KEY or as ?key=KEY.")
}
