import Enrichment
import Events
import Logging

extension IngestService {
    /// Adds what a request says about events that do not say it themselves.
    func addDefaults(of request: IngestContext, to context: inout DecodeContext) {
        context.queryStringSites = queryStringSites
        // An import's address and language are not those of its events.
        if request.backfill { return }
        context.country = enrichment.country(named: request.country, address: request.clientAddress)
        context.language = enrichment.language(accepted: request.acceptLanguage, userAgent: request.userAgent)
    }

    /// Sets up what derives dimensions for a store.
    static func enrichment(
        hash: EventHash, settings: ServiceSettings, logger: Logger
    ) throws(StartError) -> Enrichment {
        do throws(EnrichmentError) {
            return try Enrichment(hash: hash, options: settings.enrichment, logger: logger)
        } catch {
            throw StartError(description: error.description)
        }
    }

    /// The figures of enrichment, for `/metrics`.
    func enriched() -> [MetricFamily] {
        let figures = enrichment.figures
        return [
            MetricFamily(
                "weir_user_agent_patterns", "Patterns by which user agents are told apart; 0 where there are none.",
                .gauge, figures.patterns),
            MetricFamily("weir_user_agents_kept", "User agents remembered.", .gauge, figures.agentsKept),
            MetricFamily(
                "weir_user_agent_hits_total", "User agents that were remembered, once for each batch with them.",
                .counter, figures.agentHits),
            MetricFamily("weir_user_agent_reads_total", "User agents read.", .counter, figures.agentReads),
            MetricFamily(
                "weir_user_agents_skipped_total",
                "User agents not read since there were too many new ones; their events have no browser.", .counter,
                figures.agentsSkipped),
            MetricFamily(
                name: "weir_country_lookups_total", help: "Addresses looked up for their country, by result.",
                kind: .counter,
                samples: [
                    (labels: [("result", "found")], value: Double(figures.countriesFound)),
                    (labels: [("result", "unknown")], value: Double(figures.countriesUnknown)),
                ]),
        ]
    }
}
