import Enrichment
import Events
import Logging
import Testing

/// Decodes events and enriches them as a server does, and reads rows back.
struct EnrichmentHarness {
    let enrichment: Enrichment
    let hash = EventHash(seed: 7)

    init(_ change: (inout EnrichmentOptions) -> Void = { _ in }) throws {
        var options = EnrichmentOptions()
        options.userAgentPatterns = EnrichmentOptions.packagedPatterns
        change(&options)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        enrichment = try Enrichment(hash: hash, options: options, logger: logger)
    }

    /// The dimensions of each event, without a value those that are absent.
    func rows(_ events: [String], isImport: Bool = false) throws -> [[String: String]] {
        let decoder = EventDecoder(hash: hash, propertyNames: PropertyNames(hash: hash))
        let context = DecodeContext(now: 1_700_000_000_000) { _, _ in "anonymous" }
        let body = try decoder.decode(Array(events.joined(separator: "\n").utf8), context: context)
        enrichment.apply(to: body.batches, isImport: isImport)
        // A value that no row has would be stored for nothing, and be suggested to filters.
        for column in body.batches.flatMap(\.columns) {
            #expect(Set(column.codes).subtracting([0]).count == column.table.count - 1, "\(column.name)")
        }
        var rows: [[String: String]] = []
        for batch in body.batches {
            for row in 0..<batch.rows {
                var values: [String: String] = [:]
                for column in batch.columns where row < column.codes.count && column.codes[row] != 0 {
                    values[column.name] = column.table.text(of: Int(column.codes[row]))
                }
                rows.append(values)
            }
        }
        return rows
    }
}
