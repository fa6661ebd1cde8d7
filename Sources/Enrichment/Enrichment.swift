import Events
import Logging
import Synchronization

/// Derives the dimensions that need more than the event itself: `browser`, `os`, `device` and `bot` from the user agent,
/// `source` from referrer and campaign, `country` from the address; and gives languages and screens one spelling.
///
/// It works on decoded batches, column by column: what an agent or a host says is found once for each distinct one in
/// the batch, and given to the rows by their codes. An event costs a few loads and stores, whatever it says.
/// It is thread-safe: batches of several threads are worked on at once.
public final class Enrichment: Sendable {
    let columns = DerivedColumns()
    let limits: EnrichmentLimits
    let agents: AgentReader
    let countries: CountryDatabase?

    /// Creates it, and begins to read the patterns of user agents on a thread of its own.
    ///
    /// - Parameters:
    ///   - hash: the store's hash function.
    ///   - options: where patterns and countries are.
    ///   - logger: told when the patterns cannot be read.
    /// - Throws: ``EnrichmentError`` when there is no such database of countries.
    public init(hash: EventHash, options: EnrichmentOptions, logger: Logger) throws(EnrichmentError) {
        limits = options.limits
        if let path = options.countryDatabase {
            countries = try CountryDatabase(path: path)
        } else {
            countries = nil
        }
        agents = AgentReader(hash: hash, options: options, logger: logger)
    }

    /// Sets the derived columns of batches.
    ///
    /// - Parameter isImport: whether user agents are read at any rate, up to a limit for the body: an import waits for
    ///   its answer, and what it brings is to stay.
    /// - Complexity: O(rows + distinct values). A user agent that is not remembered costs about a tenth of a millisecond.
    public func apply(to batches: [ColumnBatch], isImport: Bool) {
        for batch in batches {
            setAgents(batch, isImport: isImport)
            setSource(batch)
            rewrite(columns.language, of: batch) { LanguageTag.normalized($0) }
            rewrite(columns.screen, of: batch) { ScreenSize.normalized($0) }
        }
    }

    /// The country of events that name none: what a trusted proxy says, else that of the client's address.
    ///
    /// - Parameters:
    ///   - named: what the proxy says; empty for nothing.
    ///   - address: used for the look-up only.
    public func country(named: [UInt8], address: String) -> [UInt8]? {
        if !named.isEmpty, let code = named.withUnsafeBytes({ CountryCode.spelled($0) }) { return code }
        guard let countries, !address.isEmpty else { return nil }
        return countries.country(of: address)
    }

    /// The language of events that name neither a language nor a user agent of their own: the one that the request
    /// prefers, if it comes from a browser, since then visitor and sender are the same.
    public func language(accepted: [UInt8], userAgent: [UInt8]) -> [UInt8]? {
        guard !accepted.isEmpty, userAgent.starts(with: Self.browserPrefix) else { return nil }
        return LanguageTag.first(accepted: accepted)
    }

    /// How the user agent of every browser begins.
    private static let browserPrefix = Array("Mozilla/".utf8)

    /// What there is to count, for `/metrics`.
    public var figures: EnrichmentFigures {
        var figures = agents.figures
        figures.countriesFound = countries?.found.load(ordering: .relaxed) ?? 0
        figures.countriesUnknown = countries?.unknown.load(ordering: .relaxed) ?? 0
        return figures
    }
}

/// What enrichment counted.
public struct EnrichmentFigures: Sendable, Equatable {
    /// Patterns of user agents in use; 0 while they are read and where there are none.
    public var patterns = 0
    /// Agents that were remembered, once for each batch with them.
    public var agentHits = 0
    /// Agents that were read.
    public var agentReads = 0
    /// Agents that were not read, since there were too many new ones.
    public var agentsSkipped = 0
    /// Agents remembered.
    public var agentsKept = 0
    /// Requests whose address has a country.
    public var countriesFound = 0
    /// Requests whose address has none.
    public var countriesUnknown = 0
}

/// Why enrichment cannot be set up, in words for the person who starts the server.
public struct EnrichmentError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Where a batch keeps the columns that are read and set here.
struct DerivedColumns: Sendable {
    let userAgent = DerivedColumns.index(.userAgent)
    let browser = DerivedColumns.index(.browser)
    let os = DerivedColumns.index(.os)
    let device = DerivedColumns.index(.device)
    let bot = DerivedColumns.index(.bot)
    let url = DerivedColumns.index(.url)
    let host = DerivedColumns.index(.host)
    let referrer = DerivedColumns.index(.referrer)
    let referrerHost = DerivedColumns.index(.referrerHost)
    let utmSource = DerivedColumns.index(.utmSource)
    let source = DerivedColumns.index(.source)
    let language = DerivedColumns.index(.language)
    let screen = DerivedColumns.index(.screen)

    private static func index(_ field: Field) -> Int {
        guard let index = field.columnIndex else { preconditionFailure("\(field) is not a dictionary column.") }
        return index
    }
}
