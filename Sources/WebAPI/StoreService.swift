import Access
import Foundation
import Ingest
import Logging
import NIOCore
import Queries
import ServiceLifecycle
import Storage

/// Opens the store, feeds it from UDP, and closes it when all others have ended.
struct StoreService: Service {
    let configuration: WeirServer.Configuration
    let state: ServerState
    let access: AccessControl
    let keys: KeyService
    let httpBound: AsyncStream<SocketAddress>
    let logger: Logger
    let onListening: @Sendable (WeirServer.Listening) -> Void

    func run() async throws {
        // No store is touched before the address is known to be free.
        guard let http = await firstAddress() else { return }
        let service: IngestService
        var settings = ServiceSettings(
            dataDirectory: configuration.dataDirectory, threads: configuration.threads,
            lateLimit: configuration.lateLimit)
        settings.enrichment = configuration.enrichment
        settings.queryStringSites = configuration.queryStringSites
        do {
            service = try await IngestService.open(
                settings: settings, options: configuration.store, logger: logger)
        } catch {
            throw ServerStartError(error.description)
        }
        let outcome: Result<Void, any Error>
        let file = ServerFile(http: "\(http.listenAddress)", process: getpid())
        do {
            try await serve(service, http: http, file: file)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        state.drain()
        file.remove(from: configuration.dataDirectory)
        // A task of its own: that the time for a graceful shutdown has passed must not cut the closing short.
        await Task {
            await service.stopAccepting()
            await service.close()
        }.value
        if Task.isCancelled, configuration.ownsProcess {
            exitSoon()
        }
        try outcome.get()
    }

    /// Ends the process although clients or queries still hold on: everything is durable by now.
    private func exitSoon() {
        Task.detached {
            try? await Task.sleep(for: .seconds(4))
            exit(0)
        }
    }

    /// Puts the store's keys in force, before anything of it can be asked for.
    private func loadKeys(_ store: Store) throws {
        let stored: StoredKeys
        do {
            stored = try keys.load(store)
        } catch {
            throw ServerStartError("the keys cannot be read: \(error)")
        }
        for block in stored.damaged.prefix(100) {
            logger.error(
                "A stored key is damaged; every site demands a key until it is made anew.",
                metadata: ["block": "\(block.block)", "reason": "\(block.reason)"])
        }
        try configuration.requireKeys(stored)
    }

    private func serve(_ service: IngestService, http: SocketAddress, file: ServerFile) async throws {
        try loadKeys(service.store)
        let receiver: UDPReceiver?
        if let address = configuration.udp {
            do {
                receiver = try UDPReceiver(
                    host: address.ipAddress ?? "", port: address.port ?? 0, service: service, access: access,
                    logger: logger)
            } catch {
                throw ServerStartError(error.description)
            }
        } else {
            receiver = nil
        }
        while case .recovering = service.state, !Task.isCancelled, !Task.isShuttingDownGracefully {
            try? await Task.sleep(for: .milliseconds(20))
        }
        if case .failed(let detail) = service.state {
            throw ServerStartError(detail)
        }
        let engine = QueryEngine(
            store: service.store, threads: configuration.threads, options: configuration.queries)
        state.publish(Backend(service: service, engine: engine))
        do {
            try file.write(into: configuration.dataDirectory)
        } catch {
            logger.warning(
                "`weir backup` will not find this server: its address cannot be written down.",
                metadata: ["error": "\(error)"])
        }
        onListening(WeirServer.Listening(http: http, udp: receiver?.boundAddress))
        if let receiver {
            try await receiver.run()
        } else {
            try? await gracefulShutdown()
        }
    }

    /// Waits until HTTP is bound; `nil` when that has failed or the server is to stop.
    private func firstAddress() async -> SocketAddress? {
        await cancelWhenGracefulShutdown {
            var iterator = httpBound.makeAsyncIterator()
            return await iterator.next()
        }
    }
}
