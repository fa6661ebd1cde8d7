import ArgumentParser
import Enrichment
import Foundation
import Logging
import Storage
import WebAPI

/// `weir serve`: runs the server until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            Every option can also be set by an environment variable or by a key in the JSON file that --config names. A flag \
            wins over the environment, the environment over the file.

            When the server accepts traffic it prints one line, "listening http=HOST:PORT udp=HOST:PORT", on standard \
            output; its log goes to standard error. SIGTERM or SIGINT: it stops accepting, answers what is in flight, makes \
            everything durable and exits with 0.
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("A JSON file with settings. (environment: WEIR_CONFIG)", valueName: "file"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The store's directory; created when it is missing. (environment: WEIR_DATA, key: data, default: "
                + "\(Settings.defaultData))", valueName: "dir"))
    var data: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where to answer HTTP; port 0 picks a free one. Addresses that other machines can reach need keys. (environment: WEIR_HTTP, key: http, "
                + "default: \(Settings.defaultHTTP))", valueName: "host:port"))
    var http: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where to receive events as datagrams; port 0 picks a free one, off disables it. Addresses that other machines can reach need "
                + "keys, which anyone on the way can read in a datagram. "
                + "(environment: WEIR_UDP, key: udp, default: \(Settings.defaultUDP))", valueName: "host:port"))
    var udp: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How many cores to use at most. (environment: WEIR_THREADS, key: threads, default: all)", valueName: "n"))
    var threads: Int?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How old an event may be that is not a backfill; older ones are refused as time_too_old. "
                + "(environment: WEIR_LATE_LIMIT, key: late.limit, default: \(Settings.defaultLateLimit))",
            valueName: "duration"))
    var lateLimit: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long events are kept: 30d, 400d, forever. The configuration file sets it for single sites under sites. "
                + "(environment: WEIR_RETENTION, key: retention, default: \(Settings.defaultRetention))",
            valueName: "duration"))
    var retention: String?

    @Flag(
        name: .long,
        help: ArgumentHelp(
            "Delete what is past its retention at the start, even where it is so much that it would be held until "
                + "POST /v1/admin/retention confirms it. "
                + "(environment: WEIR_CONFIRM_RETENTION, key: confirm.retention)"))
    var confirmRetention = false

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long refused events are kept. (environment: WEIR_DEAD_LETTERS_RETENTION, key: dead-letters.retention, "
                + "default: \(Settings.defaultDeadLetterRetention))", valueName: "duration"))
    var deadLetterRetention: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How many bytes of refused events a site keeps; the oldest go. (environment: WEIR_DEAD_LETTERS_BYTES, "
                + "key: dead-letters.bytes, default: \(Settings.defaultDeadLetterBytes))", valueName: "size"))
    var deadLetterBytes: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long the ids of events, and the keys of requests, are remembered, from 1m to 30d. "
                + "(environment: WEIR_DEDUPLICATION_HORIZON, key: deduplication.horizon, "
                + "default: \(Settings.defaultDeduplicationHorizon))", valueName: "duration"))
    var deduplicationHorizon: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Free space on the disk below which events are refused until there is more; 0 for none. "
                + "(environment: WEIR_DISK_RESERVE, key: disk.reserve, default: 256MiB, or 5 % of a smaller disk)",
            valueName: "size"))
    var diskReserve: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Recent writes that are held in memory before they go to a file; the log on disk holds a few times as much. "
                + "(environment: WEIR_WRITE_BUFFER, key: write.buffer, default: \(Settings.defaultWriteBuffer))",
            valueName: "size"))
    var writeBuffer: String?

    @Flag(
        name: .long,
        help: ArgumentHelp(
            "Open a store whose log is damaged in the middle, as it was before the damage: what stands behind it is lost. "
                + "(environment: WEIR_ACCEPT_LOG_LOSS, key: accept.log-loss)"))
    var acceptLogLoss = false

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How much memory all caches may take together: blocks, decoded parts, what queries line up, answers. "
                + "(environment: WEIR_CACHE_LIMIT, key: cache.limit, default: \(Settings.defaultCacheLimit))",
            valueName: "size"))
    var cacheLimit: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How much memory the running queries may hold together besides the caches; more is refused. "
                + "(environment: WEIR_QUERY_MEMORY, key: query.memory, default: \(Settings.defaultQueryMemory))",
            valueName: "size"))
    var queryMemory: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How much of the caches may be answers that are kept for being asked again; 0 keeps none. "
                + "(environment: WEIR_ANSWER_CACHE, key: answer.cache, default: \(Settings.defaultAnswerCache))",
            valueName: "size"))
    var answerCache: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The patterns by which user agents are told apart, a regexes.yaml of uap-core; off for none. "
                + "(environment: WEIR_USER_AGENTS, key: user.agents, default: \(EnrichmentOptions.packagedPatterns))",
            valueName: "file"))
    var userAgents: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A database in MaxMind's format (.mmdb) that gives events the country of the sender's address. "
                + "(environment: WEIR_GEOIP, key: geoip, default: none)", valueName: "file"))
    var geoip: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The header in which a proxy in front of the server names the client's country, such as CF-IPCountry. "
                + "(environment: WEIR_COUNTRY_HEADER, key: country.header, default: none)", valueName: "name"))
    var countryHeader: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The least important messages to log: trace, debug, info, notice, warning, error or critical. "
                + "(environment: WEIR_LOG_LEVEL, key: log.level, default: \(Settings.defaultLogLevel))",
            valueName: "level"))
    var logLevel: String?

    @OptionGroup var access: AccessOptions

    func run() async throws {
        do {
            let flags = Settings.Flags(
                config: config, data: data, http: http, udp: udp, threads: threads, lateLimit: lateLimit,
                retention: retention, confirmRetention: confirmRetention ? true : nil,
                deadLetterRetention: deadLetterRetention, deadLetterBytes: deadLetterBytes,
                deduplicationHorizon: deduplicationHorizon, diskReserve: diskReserve,
                writeBuffer: writeBuffer, acceptLogLoss: acceptLogLoss ? true : nil, cacheLimit: cacheLimit,
                queryMemory: queryMemory, answerCache: answerCache, userAgents: userAgents, geoip: geoip,
                countryHeader: countryHeader, logLevel: logLevel, access: access.flags)
            try await serve(try await Settings(flags: flags, environment: ProcessInfo.processInfo.environment))
        } catch {
            // ArgumentParser would exit with other codes, and print a usage that helps nobody here.
            try? FileHandle.standardError.write(contentsOf: Data("error: \(error)\n".utf8))
            throw ExitCode(1)
        }
    }

    private func serve(_ settings: Settings) async throws {
        ProcessSetup.boundFreeMemory()
        ProcessSetup.ignoreSignals()
        ProcessSetup.keepFilesPrivate()
        ProcessSetup.raiseFileLimit()
        ProcessSetup.limitCores(to: settings.threads)
        LoggingSystem.bootstrap { HarmlessLogHandler(label: $0) }
        var logger = Logger(label: "weir")
        logger.logLevel = settings.logLevel

        var store = StoreOptions()
        store.diskReserve = settings.diskReserve
        store.writeBufferBytes = settings.writeBuffer
        store.acceptsLogLoss = settings.acceptsLogLoss
        store.limitCaches(to: settings.cacheLimit)
        store.retention = settings.retention
        store.retentionOfSite = settings.sites.compactMapValues { $0.retention.map(\.period) }
        store.confirmsRetention = settings.confirmsRetention
        store.deadLetterRetention = settings.deadLetterRetention
        store.deadLetterBytesPerSite = settings.deadLetterBytes
        store.deduplicationHorizon = settings.deduplicationHorizon
        store.answerHorizon = settings.deduplicationHorizon
        if let faults = settings.faults {
            store.faults = try FaultPoints(parsing: faults)
            logger.warning(
                "This server will fail on purpose: WEIR_FAULTS is set.", metadata: ["faults": "\(faults)"])
        }
        var configuration = WeirServer.Configuration(
            http: settings.http, udp: settings.udp, dataDirectory: settings.data, threads: settings.threads,
            lateLimit: settings.lateLimit, store: store, queries: settings.queries)
        configuration.access = settings.access
        configuration.enrichment = settings.enrichment.options
        configuration.countryHeader = settings.enrichment.countryHeader
        configuration.queryStringSites = Set(settings.sites.filter { $0.value.keepsQueryString }.keys)
        let server = WeirServer(
            configuration: configuration, logger: logger,
            onListening: { listening in
                // Written at once and past any buffer: a supervisor waits for this line.
                try? FileHandle.standardOutput.write(contentsOf: Data("\(listening.line)\n".utf8))
            })
        try await server.run()
        // Everything is durable. The process ends here rather than by `exit`, whose static destructors would run
        // while RocksDB's background threads still do.
        fflush(nil)
        _exit(0)
    }
}
