import Events
import Logging
import Synchronization

/// What user agents say, remembered: each is read once and then known by its hash.
final class AgentReader: Sendable {
    private let limits: EnrichmentLimits
    private let hash: EventHash
    private let source: PatternSource?
    private let cache: Mutex<AgentCache>
    private let budget: Mutex<ReadBudget>
    private let hits = Atomic<Int>(0)
    private let reads = Atomic<Int>(0)
    private let skipped = Atomic<Int>(0)

    init(hash: EventHash, options: EnrichmentOptions, logger: Logger) {
        self.hash = hash
        limits = options.limits
        source = options.userAgentPatterns.map { PatternSource.at($0, logger: logger) }
        cache = Mutex(AgentCache(limit: options.limits.agents))
        budget = Mutex(ReadBudget(perSecond: options.limits.readsPerSecond, atOnce: options.limits.readsAtOnce))
    }

    /// Finds what each agent of a table says, and adds it to the batch's columns.
    ///
    /// - Parameters:
    ///   - table: the agents.
    ///   - isImport: whether ``EnrichmentLimits/readsPerImport`` holds, and the rate does not.
    /// - Returns: the codes by those of `table`.
    func codes(
        of table: ValueTable, in batch: ColumnBatch, columns: DerivedColumns, isImport: Bool
    ) -> [AgentCodes] {
        var codes = [AgentCodes](repeating: AgentCodes(), count: table.count)
        guard let source else { return codes }
        var unknown: [Int] = []
        cache.withLock { cache in
            for code in 1..<table.count where !table.isEmpty(code) {
                if let facts = cache.find(table.hashes[code]) {
                    codes[code] = add(facts, of: cache.texts, to: batch, columns)
                } else {
                    unknown.append(code)
                }
            }
        }
        hits.add(codes.count { $0.browser != 0 }, ordering: .relaxed)
        guard !unknown.isEmpty, let patterns = source.patterns else { return codes }
        for (index, code) in unknown.enumerated() {
            guard isImport && index < limits.readsPerImport || budget.withLock({ $0.take() }) else {
                skipped.add(1, ordering: .relaxed)
                continue
            }
            reads.add(1, ordering: .relaxed)
            let agent = table.withBytes(of: code) { patterns.read($0, maxBytes: limits.agentBytes) }
            codes[code] = cache.withLock { cache in
                let facts = cache.insert(agent, as: table.hashes[code], hash: hash)
                return add(facts, of: cache.texts, to: batch, columns)
            }
        }
        return codes
    }

    private func add(
        _ facts: AgentFacts, of texts: ValueTable, to batch: ColumnBatch, _ columns: DerivedColumns
    ) -> AgentCodes {
        func intern(_ code: UInt32, _ column: Int, _ kind: ValueKind = .string) -> UInt32 {
            texts.withBytes(of: Int(code)) {
                batch.intern($0, kind: kind, hash: texts.hashes[Int(code)], column: column)
            }
        }
        return AgentCodes(
            browser: intern(facts.browser, columns.browser), os: intern(facts.os, columns.os),
            device: intern(facts.device, columns.device), bot: intern(facts.bot, columns.bot, .boolean))
    }

    /// What is to be counted.
    var figures: EnrichmentFigures {
        var figures = EnrichmentFigures()
        figures.patterns = source?.count ?? 0
        figures.agentHits = hits.load(ordering: .relaxed)
        figures.agentReads = reads.load(ordering: .relaxed)
        figures.agentsSkipped = skipped.load(ordering: .relaxed)
        figures.agentsKept = cache.withLock { $0.count }
        return figures
    }
}

extension ValueTable {
    /// Whether the text of a value has no bytes.
    fileprivate func isEmpty(_ code: Int) -> Bool {
        withBytes(of: code) { $0.isEmpty }
    }
}
