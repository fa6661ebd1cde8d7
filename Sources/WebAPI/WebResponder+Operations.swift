import Access
import Events
import Hummingbird
import Ingest
import NIOCore
import Queries
import Storage
import Synchronization

extension WebResponder {
    /// `POST /v1/admin/flush`: seals what is in flight and answers when that is done.
    func flush(_ request: Request, context: WebContext) async throws -> Response {
        let service = try state.backend().service
        try admitServer(request, .admin, context: context)
        do {
            try await service.flush()
        } catch {
            throw Self.storageProblem(error)
        }
        return .json(Array(#"{"sealed":true}"#.utf8))
    }

    /// `GET /metrics`: the service's numbers, then those of the HTTP face. They name sites, so once there are keys they are
    /// for an admin of all sites, and for programs on this machine.
    func metrics(_ request: Request, context: WebContext) throws -> Response {
        if !isLocal(request, context: context) { try admitServer(request, .admin, context: context) }
        var text = PrometheusText()
        for family in state.backendIfAny?.service.metricFamilies() ?? [] {
            text.family(
                family.name, help: family.help, type: family.kind == .counter ? "counter" : "gauge",
                samples: family.samples.map { PrometheusText.Sample(labels: $0.labels, value: $0.value) })
        }
        text.family(
            "weir_http_requests_total", help: "Answered requests.", type: "counter", samples: counters.samples())
        text.single(
            "weir_http_connections", help: "Open connections.", type: "gauge",
            value: Double(counters.openConnections))
        text.single(
            "weir_http_connections_accepted_total", help: "Connections accepted.", type: "counter",
            value: Double(front.accepted.load(ordering: .relaxed)))
        text.single(
            "weir_http_connections_handed_over_total",
            help: "Connections that asked for something else than to send events in small requests.", type: "counter",
            value: Double(front.handedOver.load(ordering: .relaxed)))
        text.family(
            "weir_http_connections_ended_total",
            help: "Connections that were closed, or not taken, since a limit was reached.", type: "counter",
            samples: front.samples())
        text.single(
            "weir_http_accept_pauses_total", help: "Times no connection was accepted for want of room or files.",
            type: "counter", value: Double(front.pauses.load(ordering: .relaxed)))
        text.single(
            "weir_http_grouped_requests_total", help: "Requests of one event that were committed in groups.",
            type: "counter", value: Double(front.requests.load(ordering: .relaxed)))
        text.single(
            "weir_http_groups_total", help: "Groups of such requests.", type: "counter",
            value: Double(front.groups.load(ordering: .relaxed)))
        text.single(
            "weir_http_body_bytes", help: "Bytes of request bodies held in memory.", type: "gauge",
            value: Double(reader.budget.bytesInUse))
        text.single("weir_queries_total", help: "Queries asked.", type: "counter", value: Double(gate.asked))
        text.single(
            "weir_queries_refused_total", help: "Queries refused because too many were waiting.", type: "counter",
            value: Double(gate.refused))
        text.single(
            "weir_queries_in_progress", help: "Queries running or waiting.", type: "gauge",
            value: Double(gate.inProgress))
        text.single(
            "weir_queries_timed_out_total", help: "Queries refused because they waited too long for a thread.",
            type: "counter", value: Double(gate.timedOut))
        accessMetrics(&text)
        queryMetrics(&text)
        return .text(text.text, type: PrometheusText.mediaType)
    }

    /// The numbers of what was refused for who asked.
    private func accessMetrics(_ text: inout PrometheusText) {
        let statistics = access.statistics
        text.family(
            "weir_access_refused_total", help: "Requests refused for their key, origin or rate.", type: "counter",
            samples: statistics.refused.map {
                PrometheusText.Sample(labels: [("reason", $0.reason)], value: Double($0.count))
            })
        text.family(
            "weir_keys", help: "Keys on record.", type: "gauge",
            samples: [
                PrometheusText.Sample(labels: [("state", "valid")], value: Double(statistics.keys)),
                PrometheusText.Sample(labels: [("state", "revoked")], value: Double(statistics.revokedKeys)),
            ])
        text.single(
            "weir_limited_addresses_displaced_total",
            help: "Addresses that took over another's place in the table of rate limits.", type: "counter",
            value: Double(statistics.displacedAddresses))
    }

    /// The numbers of the kept answers and of live queries.
    private func queryMetrics(_ text: inout PrometheusText) {
        let queries = state.backendIfAny?.engine.statistics ?? QueryEngine.Statistics()
        text.single(
            "weir_queries_running", help: "Queries being computed.", type: "gauge", value: Double(queries.running))
        text.single(
            "weir_answer_cache_hits_total", help: "Queries answered from kept answers.", type: "counter",
            value: Double(queries.hits))
        text.single(
            "weir_answer_cache_misses_total", help: "Queries that might have been kept and were not, or not any more.",
            type: "counter", value: Double(queries.misses))
        text.single(
            "weir_answer_cache_answers", help: "Answers kept.", type: "gauge", value: Double(queries.keptAnswers))
        text.single(
            "weir_answer_cache_bytes", help: "Bytes of the answers kept.", type: "gauge",
            value: Double(queries.keptBytes))
        text.single(
            "weir_partial_cache_hits_total", help: "Parts of sealed segments answered from kept results.",
            type: "counter", value: Double(queries.partHits))
        text.single(
            "weir_partial_cache_misses_total", help: "Parts of sealed segments whose results were not kept.",
            type: "counter", value: Double(queries.partMisses))
        text.single(
            "weir_partial_cache_bytes", help: "Bytes of the partial results kept.", type: "gauge",
            value: Double(queries.partBytes))
        for (name, help, value) in [
            ("weir_derived_cache_bytes", "Bytes of lined-up visitors and values kept.", queries.derivedBytes),
            ("weir_query_memory_bytes", "Bytes that running queries hold.", queries.memoryBytes),
            ("weir_query_memory_peak_bytes", "The most that running queries held at once.", queries.memoryPeakBytes),
            ("weir_query_memory_limit_bytes", "The most that running queries may hold.", queries.memoryLimit),
        ] {
            text.single(name, help: help, type: "gauge", value: Double(value))
        }
        text.single(
            "weir_query_memory_refused_total", help: "Queries refused because of the memory they needed.",
            type: "counter", value: Double(queries.memoryRefusals))
        let (watchers, feeds) = live.size
        text.single("weir_live_watchers", help: "Clients that watch.", type: "gauge", value: Double(watchers))
        text.single("weir_live_queries", help: "Different live queries.", type: "gauge", value: Double(feeds))
        text.single(
            "weir_live_computations_total", help: "Answers computed for live queries.", type: "counter",
            value: Double(live.counters.computations.load(ordering: .relaxed)))
        text.single(
            "weir_live_answers_total", help: "Answers sent to watchers.", type: "counter",
            value: Double(live.counters.answers.load(ordering: .relaxed)))
        text.single(
            "weir_live_dropped_total", help: "Watchers dropped because they did not read.", type: "counter",
            value: Double(live.counters.dropped.load(ordering: .relaxed)))
    }

    static func storageProblem(_ error: any Error) -> Problem {
        Problem(
            503, code: Problem.storageCode, title: "The store did not answer", detail: "\(error)",
            retryAfterSeconds: WebLimits.retryAfterSeconds)
    }
}
