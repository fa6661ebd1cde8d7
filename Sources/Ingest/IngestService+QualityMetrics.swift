import Events
import Storage

// What was refused and what was sent again.
extension IngestService {
    /// Dead letters, schemas, and names that are more than a site may have.
    func refused(_ figures: Store.Statistics, _ counts: IngestCounters.Counts) -> [MetricFamily] {
        [
            Self.family(
                "weir_dead_letters", "Dead letters kept, by site.", by: "site",
                figures.deadLetters.map { ($0.site, Double($0.letters)) }),
            Self.family(
                "weir_dead_letter_bytes", "Bytes of the dead letters kept, by site.", by: "site",
                figures.deadLetters.map { ($0.site, Double($0.bytes)) }),
            Self.family(
                "weir_dead_letters_dropped_total", "Dead letters dropped, by the limit that was reached.", by: "limit",
                [("size", Double(figures.deadLettersPushedOut)), ("age", Double(figures.deadLettersExpired))]),
            Self.family(
                "weir_dead_letters_replayed_total", "Dead letters admitted anew, by what became of them.", by: "result",
                ReplayResult.allCases.map { ($0.rawValue, Double(counts.replayed[$0] ?? 0)) }),
            Self.family(
                "weir_schema_version", "The version of each site's schema in force.", by: "site",
                store.schemas.versions.map { ($0.site, Double($0.version)) }),
            Self.family(
                "weir_schema_warnings_total", "Accepted events that break a rule of a schema that only warns, by rule.",
                by: "reason", counts.schemaWarnings.sorted { $0.key < $1.key }.map { ($0.key, Double($0.value)) }),
        ]
            + Self.families([
                ("weir_dead_letters_total", "Refused events kept.", counts.deadLetters),
                ("weir_dry_run_events_total", "Events of dry runs, which count nowhere else.", counts.rehearsed),
                (
                    "weir_overflowed_properties_total",
                    "Properties kept as __overflow__, since their site has as many names as it may have.",
                    counts.overflowedProperties
                ),
                (
                    "weir_overflowed_events_total",
                    "Events kept as __other__, since their site has as many event names as it may have.",
                    counts.overflowedEvents
                ),
            ])
    }

    /// Idempotency ids and keys, and the horizons within which they hold.
    func identities(_ figures: Store.Statistics, _ counts: IngestCounters.Counts) -> [MetricFamily] {
        Self.families([
            ("weir_ids", "Idempotency ids remembered.", figures.ids),
            (
                "weir_ids_limit", "Idempotency ids remembered at most; the site with the most gives up its oldest.",
                store.options.deduplicationEntries
            ),
            (
                "weir_ids_horizon_seconds", "How long an idempotency id is remembered.",
                Int(store.options.deduplicationHorizon / 1000)
            ),
            (
                "weir_ids_evicted_total", "Ids given up before their horizon because there were too many.",
                figures.idsEvicted
            ),
            ("weir_keyed_answers", "Answers remembered for their request's key.", figures.answers),
            ("weir_keyed_answers_limit", "Answers remembered at most.", store.options.answers),
            ("weir_keyed_answer_bytes", "Bytes of the answers remembered.", figures.answerBytes),
            (
                "weir_keyed_answers_horizon_seconds", "How long an answer is remembered.",
                Int(store.options.answerHorizon / 1000)
            ),
            (
                "weir_keyed_answers_evicted_total",
                "Answers given up before their horizon because there were too many.",
                figures.answersEvicted
            ),
            (
                "weir_keyed_requests_repeated_total", "Requests answered as their key was before.",
                counts.repeatedRequests
            ),
            ("weir_keyed_requests_refused_total", "Requests whose key had come with another body.", counts.reusedKeys),
        ])
    }
}
