import Events
import RocksDB
import Synchronization

extension Store {
    /// What is known of a claimed key before the item is looked at; `nil` where the key is new.
    func settlement(of claim: AnswerClaim, at now: Int64, _ writer: StoreWriter) -> CommitOutcome.Settlement? {
        let key = KeyedAnswers.Key(site: claim.site, key: claim.key)
        guard let known = writer.answers.answer(for: key, at: now) else { return nil }
        return known.body == claim.body ? .answeredBefore(known.answer) : .keyReused
    }

    /// Adds an item's answer to the batch that stores its events, under the key that it claimed.
    ///
    /// - Returns: the answer.
    func put(
        _ claim: AnswerClaim, _ outcome: CommitOutcome, at now: Int64, _ batch: inout WriteBatch,
        _ writer: inout StoreWriter
    ) -> [UInt8] {
        let answer = claim.render(outcome)
        let sequence = nextNumber.add(1, ordering: .relaxed).oldValue
        let key = KeyedAnswers.Key(site: claim.site, key: claim.key)
        let entry = KeyedAnswers.Entry(sequence: sequence, time: now, body: claim.body, answer: answer)
        let identity = Block.Identity(kind: .answer, number: sequence)
        batch.put(
            Keys.answer(sequence: sequence),
            Block.encode(KeyedAnswers.encode(entry, for: key), identity: identity, level: 1))
        for gone in writer.answers.insert(entry, for: key, at: now) { batch.delete(Keys.answer(sequence: gone)) }
        return answer
    }

    /// Answers that one commit, or one pass of maintenance, forgets for their age.
    private static let expiredAnswersPerPass = 1000

    /// Forgets answers whose horizon has passed.
    func expireAnswers(at now: Int64, _ batch: inout WriteBatch, _ writer: inout StoreWriter) {
        for gone in writer.answers.expire(at: now, most: Store.expiredAnswersPerPass) {
            batch.delete(Keys.answer(sequence: gone))
        }
    }

    /// Hash of a site's name, by which keys of requests are told apart.
    public func siteHash(_ name: String) -> UInt64 { hash(name) }
}

extension RecoveredStore {
    /// Reads the answers of requests that came with a key. One that cannot be read costs that: its request, sent again,
    /// is taken for a new one.
    mutating func readAnswers(_ database: Database) throws(StorageError) {
        var found: [(key: KeyedAnswers.Key, entry: KeyedAnswers.Entry)] = []
        try Self.walk(database, Keys.answerPrefix) { key, value in
            guard key.count == 9, let sequence = Keys.trailing(key, as: UInt64.self) else {
                state.damagedIds.append(DamagedBlock(key: key, of: "answer"))
                return
            }
            pass(sequence)
            let identity = Block.Identity(kind: .answer, number: sequence)
            do throws(StorageError) {
                let payload = try Block.decode(value, identity: identity)
                found.append(
                    try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                        try KeyedAnswers.decode(bytes, sequence: sequence)
                    })
            } catch {
                state.damagedIds.append(DamagedBlock(error, block: identity.name))
            }
        }
        // What a lower limit has no room for goes with the next commit.
        for (key, entry) in found { writer.answers.recover(entry, for: key) }
    }
}
