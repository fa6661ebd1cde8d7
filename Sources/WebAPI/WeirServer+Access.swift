import Access
import NIOCore
import Storage

extension WeirServer.Configuration {
    /// The first address that other machines can reach, with what listens there; `nil` if there is none.
    var reachable: (what: String, address: SocketAddress)? {
        if !http.isLoopback { return ("http", http) }
        if let udp, !udp.isLoopback { return ("udp", udp) }
        return nil
    }

    /// The policy in force: what can be reached from other machines demands keys for every site.
    var effectiveAccess: AccessPolicy {
        var policy = access
        if reachable != nil { policy.requiresKeys = true }
        return policy
    }

    /// Refuses to serve other machines without a key that could be presented.
    func requireKeys(_ keys: StoredKeys) throws(ServerStartError) {
        guard let (what, address) = reachable, !keys.records.contains(where: { $0.revoked == nil }) else { return }
        throw ServerStartError(
            """
            \(what): \(address.listenAddress) can be reached from other machines, so keys are needed, and this store has \
            none; make one with `weir key create --scope admin --data \(dataDirectory)`, or listen on a loopback address \
            such as 127.0.0.1 or [::1]
            """)
    }
}
