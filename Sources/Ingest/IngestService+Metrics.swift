import Storage

extension IngestService {
    /// The figures of ingest and store, for `/metrics`.
    public func metricFamilies() -> [MetricFamily] {
        let counts = counters.now
        let figures = store.statistics()
        return ingested(counts) + refused(figures, counts) + enriched() + disk() + stored(figures) + removed(figures)
            + remembered(figures, counts)
    }

    /// A figure without labels: its name, what it is, and its value.
    typealias Single = (name: String, help: String, value: Int)

    static func families(_ singles: [Single]) -> [MetricFamily] {
        singles.map { single in
            // As the names of Prometheus have it.
            MetricFamily(single.name, single.help, single.name.hasSuffix("_total") ? .counter : .gauge, single.value)
        }
    }

    /// A figure of which there is one for each value of a label.
    static func family(
        _ name: String, _ help: String, by label: String, _ values: [(of: String, value: Double)]
    ) -> MetricFamily {
        MetricFamily(
            name: name, help: help, kind: name.hasSuffix("_total") ? .counter : .gauge,
            samples: values.map { (labels: [(label, $0.of)], value: $0.value) })
    }

    private func ingested(_ counts: IngestCounters.Counts) -> [MetricFamily] {
        [
            Self.family(
                "weir_events_received_total", "Events received, by transport.", by: "transport",
                Transport.allCases.map { ($0.rawValue, Double(counts.received[$0] ?? 0)) }),
            Self.family(
                "weir_events_rejected_total", "Events refused, by reason.", by: "reason",
                counts.rejected.sorted { $0.key < $1.key }.map { ($0.key, Double($0.value)) }),
            Self.family(
                "weir_events_dropped_total", "Events lost without an answer, by reason.", by: "reason",
                DropReason.allCases.map { ($0.rawValue, Double(counts.dropped[$0] ?? 0)) }),
        ]
            + Self.families([
                ("weir_events_accepted_total", "Events stored.", counts.accepted),
                ("weir_events_duplicate_total", "Events whose id had been stored before.", counts.duplicate),
                (
                    "weir_fields_ignored_total", "Top-level fields of events that have no meaning.",
                    counts.ignoredFields
                ),
                ("weir_ingest_overloaded_total", "Requests refused because the server was full.", counts.overloaded),
                ("weir_commits_total", "Synced batches.", counts.commits),
                ("weir_commit_requests_total", "Requests in synced batches.", counts.committedRequests),
                ("weir_maintenance_failures_total", "Steps of maintenance that failed.", counts.maintenanceFailures),
            ])
    }

    private func disk() -> [MetricFamily] {
        [
            MetricFamily(
                name: "weir_disk_free_bytes", help: "Free space on the store's disk.", kind: .gauge,
                samples: store.space.free.map { [(labels: [], value: Double($0))] } ?? [])
        ]
            + Self.families([
                (
                    "weir_store_failed", "1 after a failed write: nothing is accepted until a restart.",
                    store.failure == nil ? 0 : 1
                ),
                ("weir_disk_reserve_bytes", "Free space below which events are refused.", store.space.reserve),
                ("weir_disk_full", "1 while events are refused for want of space.", store.space.isFull ? 1 : 0),
            ])
    }

    private func stored(_ figures: Store.Statistics) -> [MetricFamily] {
        Self.families([
            ("weir_rows_in_flight", "Events not yet sealed.", figures.rowsInFlight),
            ("weir_bytes_in_flight", "Memory of events not yet sealed.", figures.bytesInFlight),
            ("weir_runs_in_flight", "Sorted runs not yet sealed.", figures.runsInFlight),
            ("weir_segments_sealed", "Sealed segments.", figures.sealedSegments),
            ("weir_rows_sealed", "Events in sealed segments.", figures.sealedRows),
            ("weir_rows_sealed_total", "Events written by sealing.", figures.rowsSealed),
            ("weir_compactions_total", "Merges of sealed segments.", figures.compactions),
            ("weir_rows_compacted_total", "Events written by merges of sealed segments.", figures.rowsCompacted),
            (
                "weir_compactions_held_total",
                "Merges not begun because they would not have fit on the disk or in memory.", figures.compactionsHeld
            ),
            ("weir_cache_bytes", "Memory of decoded parts kept.", figures.cacheBytes),
            ("weir_caches_bytes", "Memory of all caches within the limit.", figures.cachedBytes),
            ("weir_caches_limit_bytes", "The most memory that these caches take.", figures.cacheLimit),
            ("weir_caches_evicted_bytes_total", "Memory of what the caches gave up.", figures.cacheEvictedBytes),
            ("weir_cache_hits_total", "Parts found in the cache.", figures.cacheHits),
            ("weir_cache_misses_total", "Parts read and decoded.", figures.cacheMisses),
        ])
    }

    private func removed(_ figures: Store.Statistics) -> [MetricFamily] {
        Self.families([
            (
                "weir_segments_retired", "Segments replaced or deleted whose bytes are still stored.",
                figures.retiredSegments
            ),
            ("weir_segments_masked", "Segments to be rewritten without erased visitors.", figures.maskedSegments),
            ("weir_erasures_total", "Visitors erased.", figures.erasures),
            ("weir_erased_events_total", "Events removed by erasing their visitor.", figures.erasedEvents),
            (
                "weir_erased_dead_letters_total", "Dead letters removed since they name an erased visitor.",
                figures.erasedDeadLetters
            ),
            (
                "weir_erasures_pending", "Erasures that are not carried out everywhere on disk.",
                figures.pendingErasures
            ),
            (
                "weir_purges_pending", "Sites of which bytes removed for good may still be on disk.",
                figures.pendingPurges
            ),
            ("weir_sites_deleted_total", "Sites deleted.", figures.sitesDeleted),
            (
                "weir_retention_deleted_events_total", "Events deleted since they were past their retention.",
                figures.expiredEvents
            ),
        ]) + [
            Self.family(
                "weir_retention_held", "Events past their site's retention whose deletion waits to be confirmed.",
                by: "site", figures.retentionHeld.map { ($0.site, Double($0.events)) })
        ]
    }

    private func remembered(_ figures: Store.Statistics, _ counts: IngestCounters.Counts) -> [MetricFamily] {
        identities(figures, counts)
            + Self.families([
                (
                    "weir_damaged_ids",
                    "Rows of ids and answers that could not be read at the start; what they held may count twice.",
                    figures.damagedIds
                )
            ]) + [
                Self.family(
                    "weir_backups_total", "Backups asked for, by result.", by: "result",
                    [("ok", Double(counts.backups[true] ?? 0)), ("failed", Double(counts.backups[false] ?? 0))]),
                Self.family(
                    "weir_damaged_blocks",
                    "Stored blocks of each site that could not be read at the start; its queries are refused.",
                    by: "site",
                    figures.damaged.map { ($0.site, Double($0.blocks)) }),
                Self.family(
                    "weir_watermark_seconds", "The watermark of each site, Unix time.", by: "site",
                    figures.watermarks.map { ($0.site, Double($0.milliseconds) / 1000) }),
            ]
    }
}
