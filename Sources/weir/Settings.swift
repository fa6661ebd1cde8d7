import Access
import Configuration
import Foundation
import Logging
import NIOCore
import Queries
import WebAPI

/// Why the settings cannot be used. The description is meant for the person at the terminal.
struct SettingsError: Error, CustomStringConvertible {
    let description: String
}

/// What `weir serve` runs with: flags win over the environment, the environment over the configuration file.
struct Settings {
    static let defaultData = "./weir-data"
    static let defaultHTTP = "127.0.0.1:8080"
    static let defaultUDP = "127.0.0.1:8081"
    static let defaultLogLevel = "info"
    static let defaultLateLimit = "7d"
    static let defaultWriteBuffer = "32MiB"
    /// Smaller ones make a file of every few commits, larger ones are more than a log should hold.
    private static let writeBuffers = (64 << 10)...(4 << 30)
    static let defaultCacheLimit = "512MiB"
    static let defaultQueryMemory = "512MiB"
    static let defaultAnswerCache = "64MiB"
    static let defaultRetention = "forever"
    static let defaultDeadLetterRetention = "30d"
    static let defaultDeadLetterBytes = "64MiB"
    static let defaultDeduplicationHorizon = "24h"
    /// A shorter horizon would forget ids between two attempts of a client; a longer one than its ids' epochs can tell.
    private static let horizons: ClosedRange<Int64> = 60_000...(30 * 86_400_000)
    /// More threads than any machine this runs on has cores are a slip of the finger.
    private static let mostThreads = 1024

    /// What stands on the command line.
    struct Flags {
        var config: String?
        var data: String?
        var http: String?
        var udp: String?
        var threads: Int?
        var lateLimit: String?
        var retention: String?
        var confirmRetention: Bool?
        var deadLetterRetention: String?
        var deadLetterBytes: String?
        var deduplicationHorizon: String?
        var diskReserve: String?
        var writeBuffer: String?
        var acceptLogLoss: Bool?
        var cacheLimit: String?
        var queryMemory: String?
        var answerCache: String?
        var userAgents: String?
        var geoip: String?
        var countryHeader: String?
        var logLevel: String?
        var access = AccessSettings.Flags()
    }

    /// The store's directory.
    let data: String
    /// Where HTTP is answered.
    let http: SocketAddress
    /// Where datagrams are received; `nil` for not at all.
    let udp: SocketAddress?
    /// Cores to use at most.
    let threads: Int
    /// How old an event may be that is not a backfill, milliseconds.
    let lateLimit: Int64
    /// How long events are kept, milliseconds; `nil` for ever.
    let retention: Int64?
    /// What the configuration file sets for single sites.
    let sites: [String: SiteSettings]
    /// Whether what is past its retention at the start is deleted without being asked for again.
    let confirmsRetention: Bool
    /// How long dead letters are kept, milliseconds, and bytes of a site's.
    let deadLetterRetention: Int64
    let deadLetterBytes: Int
    /// How long idempotency ids and keys are remembered, milliseconds.
    let deduplicationHorizon: Int64
    /// Bytes of the disk to keep free; `nil` for the store's default.
    let diskReserve: Int?
    /// Bytes that all caches take together.
    let cacheLimit: Int
    /// What queries may use.
    let queries: EngineOptions
    /// From what dimensions are derived.
    let enrichment: EnrichmentSettings
    /// Bytes of recent writes that the database holds in memory.
    let writeBuffer: Int
    /// Whether a store is opened whose log is damaged in the middle, without what stands behind the damage.
    let acceptsLogLoss: Bool
    /// Where the store is to fail (`WEIR_FAULTS`), for tests; `nil` for nowhere.
    let faults: String?
    /// Who may do what, besides what keys say.
    let access: AccessPolicy
    /// The least important messages that are logged.
    let logLevel: Logger.Level

    /// Reads the settings from all their sources.
    ///
    /// - Throws: ``SettingsError``, or what the configuration library says about a value of the wrong type.
    init(flags: Flags, environment: [String: String]) async throws {
        let (reader, sites) = try await Self.reader(flags: flags, environment: environment)
        data = try await reader.fetchString(forKey: "data") ?? Self.defaultData
        http = try Self.address(try await reader.fetchString(forKey: "http") ?? Self.defaultHTTP, name: "http")
        let udpText = try await reader.fetchString(forKey: "udp") ?? Self.defaultUDP
        udp = udpText == "off" ? nil : try Self.address(udpText, name: "udp")
        threads = try await reader.fetchInt(forKey: "threads") ?? System.coreCount
        let lateText = try await reader.fetchString(forKey: "late.limit") ?? Self.defaultLateLimit
        let retentionText = try await reader.fetchString(forKey: "retention") ?? Self.defaultRetention
        confirmsRetention = try await reader.fetchBool(forKey: "confirm.retention") ?? false
        self.sites = sites
        let reserveText = try await reader.fetchString(forKey: "disk.reserve")
        acceptsLogLoss = try await reader.fetchBool(forKey: "accept.log-loss") ?? false
        let bufferText = try await reader.fetchString(forKey: "write.buffer") ?? Self.defaultWriteBuffer
        let cacheText = try await reader.fetchString(forKey: "cache.limit") ?? Self.defaultCacheLimit
        // Only from the environment, so that no configuration file can carry it into a real server.
        faults = environment["WEIR_FAULTS"].flatMap { $0.isEmpty ? nil : $0 }
        let level = try await reader.fetchString(forKey: "log.level") ?? Self.defaultLogLevel
        guard !data.isEmpty else {
            throw SettingsError(description: "data: the store's directory must not be empty")
        }
        guard (1...Self.mostThreads).contains(threads) else {
            throw SettingsError(description: "threads: must be between 1 and \(Self.mostThreads), not \(threads)")
        }
        guard let logLevel = Logger.Level(rawValue: level.lowercased()) else {
            let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsError(description: "log-level: must be one of \(names)")
        }
        guard let lateLimit = DurationText.parse(lateText), lateLimit >= 0 else {
            throw SettingsError(
                description: "late-limit: must be a duration such as 90s, 30m, 12h or 7d, not \(lateText)")
        }
        guard let retention = RetentionSetting(retentionText) else {
            throw SettingsError(description: "retention: \(RetentionSetting.rule), not \(retentionText)")
        }
        self.retention = retention.period
        let letterText =
            try await reader.fetchString(forKey: "dead-letters.retention") ?? Self.defaultDeadLetterRetention
        guard let letterAge = DurationText.parse(letterText), letterAge > 0 else {
            throw SettingsError(
                description: "dead-letter-retention: must be a duration such as 12h or 30d, not \(letterText)")
        }
        deadLetterRetention = letterAge
        let letterBytes = try await reader.fetchString(forKey: "dead-letters.bytes") ?? Self.defaultDeadLetterBytes
        deadLetterBytes = try Self.size(letterBytes, name: "dead-letter-bytes")
        let horizonText =
            try await reader.fetchString(forKey: "deduplication.horizon") ?? Self.defaultDeduplicationHorizon
        guard let horizon = DurationText.parse(horizonText), Self.horizons.contains(horizon) else {
            throw SettingsError(
                description: "deduplication-horizon: must be a duration from 1m to 30d, not \(horizonText)")
        }
        deduplicationHorizon = horizon
        guard let writeBuffer = ByteSizeText.parse(bufferText), Self.writeBuffers.contains(writeBuffer) else {
            throw SettingsError(
                description: "write-buffer: must be a size between 64KiB and 4GiB, such as 32MiB, not \(bufferText)")
        }
        self.writeBuffer = writeBuffer
        diskReserve = try reserveText.map { try Self.size($0, name: "disk-reserve") }
        cacheLimit = try Self.size(cacheText, name: "cache-limit")
        let memoryText = try await reader.fetchString(forKey: "query.memory") ?? Self.defaultQueryMemory
        let answersText = try await reader.fetchString(forKey: "answer.cache") ?? Self.defaultAnswerCache
        queries = EngineOptions(
            memoryBytes: try Self.size(memoryText, name: "query-memory"),
            answerCacheBytes: try Self.size(answersText, name: "answer-cache"))
        access = try await AccessSettings.policy(reader, sites: sites)
        enrichment = try await EnrichmentSettings(reader)
        self.lateLimit = lateLimit
        self.logLevel = logLevel
    }

    private static func size(_ text: String, name: String) throws -> Int {
        guard let bytes = ByteSizeText.parse(text) else {
            throw SettingsError(
                description: "\(name): must be a size such as 256MiB, 2GiB or a number of bytes, not \(text)")
        }
        return bytes
    }

    /// The sources, the strongest first.
    private static func reader(
        flags: Flags, environment: [String: String]
    ) async throws -> (reader: ConfigReader, sites: [String: SiteSettings]) {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        values["data"] = flags.data.map { ConfigValue(.string($0), isSecret: false) }
        values["http"] = flags.http.map { ConfigValue(.string($0), isSecret: false) }
        values["udp"] = flags.udp.map { ConfigValue(.string($0), isSecret: false) }
        values["threads"] = flags.threads.map { ConfigValue(.int($0), isSecret: false) }
        values["late.limit"] = flags.lateLimit.map { ConfigValue(.string($0), isSecret: false) }
        values["retention"] = flags.retention.map { ConfigValue(.string($0), isSecret: false) }
        values["confirm.retention"] = flags.confirmRetention.map { ConfigValue(.bool($0), isSecret: false) }
        values["dead-letters.retention"] = flags.deadLetterRetention.map { ConfigValue(.string($0), isSecret: false) }
        values["dead-letters.bytes"] = flags.deadLetterBytes.map { ConfigValue(.string($0), isSecret: false) }
        values["deduplication.horizon"] = flags.deduplicationHorizon.map { ConfigValue(.string($0), isSecret: false) }
        values["accept.log-loss"] = flags.acceptLogLoss.map { ConfigValue(.bool($0), isSecret: false) }
        values["write.buffer"] = flags.writeBuffer.map { ConfigValue(.string($0), isSecret: false) }
        values["disk.reserve"] = flags.diskReserve.map { ConfigValue(.string($0), isSecret: false) }
        values["cache.limit"] = flags.cacheLimit.map { ConfigValue(.string($0), isSecret: false) }
        values["query.memory"] = flags.queryMemory.map { ConfigValue(.string($0), isSecret: false) }
        values["answer.cache"] = flags.answerCache.map { ConfigValue(.string($0), isSecret: false) }
        values["user.agents"] = flags.userAgents.map { ConfigValue(.string($0), isSecret: false) }
        values["geoip"] = flags.geoip.map { ConfigValue(.string($0), isSecret: false) }
        values["country.header"] = flags.countryHeader.map { ConfigValue(.string($0), isSecret: false) }
        values["log.level"] = flags.logLevel.map { ConfigValue(.string($0), isSecret: false) }

        values.merge(flags.access.values) { $1 }

        // An empty variable is one that was not set, as `WEIR_HTTP= weir serve` means it.
        let set = environment.filter { $0.key.hasPrefix("WEIR_") && !$0.value.isEmpty }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: values),
            EnvironmentVariablesProvider(environmentVariables: set).prefixKeys(with: "weir"),
        ]
        var sites: [String: SiteSettings] = [:]
        if let path = flags.config ?? set["WEIR_CONFIG"] {
            sites = try SettingsFile.check(path)
            let place = InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)])
            providers.append(try await FileProvider<JSONSnapshot>(config: ConfigReader(provider: place)))
        }
        return (ConfigReader(providers: providers), sites)
    }

    /// Reads and resolves an address.
    private static func address(_ text: String, name: String) throws -> SocketAddress {
        do {
            return try ListenAddress(parsing: text).resolved()
        } catch {
            throw SettingsError(description: "\(name): \(error)")
        }
    }
}
