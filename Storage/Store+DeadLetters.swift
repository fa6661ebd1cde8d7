import RocksDB
import Synchronization

/// Which of a site's dead letters are meant.
public struct DeadLetterFilter: Sendable {
    /// Only those with this code.
    public var code: String?
    /// Only these.
    public var sequences: Set<UInt64>?
    /// Only those that came at this time, Unix milliseconds, or later; and before that one.
    public var from: Int64?
    public var to: Int64?

    /// All of them.
    public init(code: String? = nil, sequences: Set<UInt64>? = nil, from: Int64? = nil, to: Int64? = nil) {
        self.code = code
        self.sequences = sequences
        self.from = from
        self.to = to
    }
}

/// A page of a site's dead letters and what there is in all.
public struct DeadLetterPage: Sendable {
    /// The letters, newest first.
    public var letters: [DeadLetter] = []
    /// Letters kept of each reason, whatever was asked for, most first.
    public var totals: [(code: String, count: Int)] = []
    /// Bytes they take.
    public var bytes = 0
    /// The sequence to go on below; `nil` on the last page.
    public var next: UInt64?
}

extension Store {
    /// The dead letters of a site, newest first, with sequences below `before`. One whose block is damaged is listed with
    /// the code ``DeadLetter/damagedCode`` and what is wrong with it.
    ///
    /// - Complexity: O(letters kept of the site), and a read for each one listed.
    public func deadLetterPage(
        site: String, matching filter: DeadLetterFilter = DeadLetterFilter(), limit: Int, before: UInt64? = nil
    ) throws(StorageError) -> DeadLetterPage {
        var page = DeadLetterPage()
        guard let number = state.withLock({ $0.numbers[site] }) else { return page }
        let found = writer.withLock { writer -> [UInt64] in
            guard let index = writer.deadLetters[number] else { return [] }
            page.totals = index.reasons.filter { $0.count > 0 }.map { ($0.code, $0.count) }
            page.bytes = index.bytes
            return index.sequences(matching: filter, below: before ?? .max, limit: limit + 1)
        }
        page.totals.sort { ($1.count, $0.code) < ($0.count, $1.code) }
        if found.count > limit { page.next = found[limit - 1] }
        // One that is gone by now was dropped or admitted since.
        for sequence in found.prefix(limit) {
            if let letter = try deadLetter(site: number, sequence: sequence) { page.letters.append(letter) }
        }
        return page
    }

    /// The sequences of a site's dead letters that a filter means, oldest first.
    public func deadLetterSequences(site: String, matching filter: DeadLetterFilter) -> [UInt64] {
        guard let number = state.withLock({ $0.numbers[site] }) else { return [] }
        return writer.withLock {
            $0.deadLetters[number]?.sequences(matching: filter, below: .max, limit: .max).reversed() ?? []
        }
    }

    /// Reads dead letters of a site; those that are there no longer are left out.
    public func deadLetters(site: String, sequences: some Sequence<UInt64>) throws(StorageError) -> [DeadLetter] {
        guard let number = state.withLock({ $0.numbers[site] }) else { return [] }
        var letters: [DeadLetter] = []
        for sequence in sequences {
            if let letter = try deadLetter(site: number, sequence: sequence) { letters.append(letter) }
        }
        return letters
    }

    /// The dead letters of a site, oldest first, behind the sequence `after`.
    package func deadLetters(site: String, limit: Int, after: UInt64?) throws(StorageError) -> [DeadLetter] {
        let behind = deadLetterSequences(site: site, matching: DeadLetterFilter()).filter { $0 > after ?? 0 }
        return try deadLetters(site: site, sequences: behind.prefix(limit))
    }

    private func deadLetter(site: UInt32, sequence: UInt64) throws(StorageError) -> DeadLetter? {
        let block = try Storage.database { () throws(RocksDBError) in
            try database.get(Keys.deadLetter(site: site, sequence: sequence))
        }
        guard let block else { return nil }
        do throws(StorageError) {
            return try block.withBytes { (bytes) throws(StorageError) in
                try DeadLetter(sequence: sequence, site: site, block: bytes)
            }
        } catch {
            return DeadLetter(damaged: sequence, error)
        }
    }

    // MARK: Writing

    /// Adds a letter to a batch, and the deletion of those that it pushes out.
    func put(_ letter: DeadLetter, site: UInt32, _ batch: inout WriteBatch, _ writer: inout StoreWriter) {
        let sequence = nextNumber.add(1, ordering: .relaxed).oldValue
        let block = encoded(letter, site: site, sequence: sequence)
        batch.put(Keys.deadLetter(site: site, sequence: sequence), block)
        var index = writer.deadLetters.removeValue(forKey: site) ?? DeadLetterIndex()
        index.append(sequence: sequence, time: letter.time, bytes: block.count, code: letter.code)
        let limits = DeadLetterIndex.Limits(
            letters: options.deadLettersPerSite, bytes: options.deadLetterBytesPerSite)
        let gone = index.dropBeyond(limits, most: .max)
        writer.deadLetters[site] = index
        for sequence in gone { batch.delete(Keys.deadLetter(site: site, sequence: sequence)) }
        counters.deadLettersPushedOut.add(gone.count, ordering: .relaxed)
    }

    /// Adds to a batch that letters were admitted, and what became of those that were not.
    func settle(
        _ replay: CommitItem.Replay, site: UInt32, _ batch: inout WriteBatch, _ writer: inout StoreWriter
    ) {
        for sequence in replay.taken { batch.delete(Keys.deadLetter(site: site, sequence: sequence)) }
        writer.deadLetters[site]?.remove(Set(replay.taken))
        for letter in replay.refused {
            let block = encoded(letter, site: site, sequence: letter.sequence)
            batch.put(Keys.deadLetter(site: site, sequence: letter.sequence), block)
            writer.deadLetters[site]?.replace(letter.sequence, bytes: block.count, code: letter.code)
        }
    }

    private func encoded(_ letter: DeadLetter, site: UInt32, sequence: UInt64) -> [UInt8] {
        let identity = Block.Identity(kind: .deadLetter, site: site, number: sequence)
        return Block.encode(letter.encode(), identity: identity, level: 1)
    }

    /// Letters that one pass drops for their age.
    private static let expiredLettersPerPass = 1000

    /// Drops dead letters that are older than ``StoreOptions/deadLetterRetention``.
    ///
    /// - Returns: whether any were, so that more may be due.
    func expireDeadLetters() throws(StorageError) -> Bool {
        let now = clock.milliseconds()
        let (line, overflow) = now.subtractingReportingOverflow(options.deadLetterRetention)
        guard !overflow else { return false }
        let dropped = try writer.withLock { (writer) throws(StorageError) -> Int in
            var batch = WriteBatch()
            var dropped = 0
            for site in Array(writer.deadLetters.keys) {
                guard dropped < Store.expiredLettersPerPass, let oldest = writer.deadLetters[site]?.oldest,
                    oldest < line
                else { continue }
                let gone =
                    writer.deadLetters[site]?.drop(before: line, most: Store.expiredLettersPerPass - dropped) ?? []
                for sequence in gone { batch.delete(Keys.deadLetter(site: site, sequence: sequence)) }
                dropped += gone.count
                if writer.deadLetters[site]?.count == 0 { writer.deadLetters[site] = nil }
            }
            if dropped > 0 { try write(batch, "Dropping old dead letters") }
            return dropped
        }
        counters.deadLettersExpired.add(dropped, ordering: .relaxed)
        return dropped > 0
    }
}

extension DeadLetterIndex {
    /// The sequences that a filter means, newest first.
    func sequences(matching filter: DeadLetterFilter, below: UInt64, limit: Int) -> [UInt64] {
        var wanted: UInt16?
        if let code = filter.code {
            guard let known = reasons.firstIndex(where: { $0.code == code }) else { return [] }
            wanted = UInt16(known)
        }
        var found: [UInt64] = []
        for entry in all.reversed() where entry.sequence < below {
            guard found.count < limit else { break }
            if let wanted, entry.reason != wanted { continue }
            if let from = filter.from, entry.time < from { continue }
            if let to = filter.to, entry.time >= to { continue }
            if let sequences = filter.sequences, !sequences.contains(entry.sequence) { continue }
            found.append(entry.sequence)
        }
        return found
    }
}
