import Events
import RocksDB

// What is small and lies beside the segments: ids and dead letters.
extension RecoveredStore {
    mutating func readIds(_ database: Database) throws(StorageError) {
        try Self.walk(database, Keys.idsPrefix) { key, value in
            guard key.count == 9, let sequence = Keys.trailing(key, as: UInt64.self) else {
                state.damagedIds.append(DamagedBlock(key: key, of: "row of ids"))
                return
            }
            pass(sequence)
            let identity = Block.Identity(kind: .ids, number: sequence)
            do throws(StorageError) {
                let payload = try Block.decode(value, identity: identity)
                let row = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                    try IdRow(decoding: bytes, version: Block.version(value))
                }
                for (site, ids) in row.sites {
                    // Those of a site that was deleted since are nobody's.
                    guard site == SiteIds.unassigned || names[site] != nil else { continue }
                    let place = writer.ids.place(of: site)
                    for id in ids where id != 0 { _ = writer.ids.insert(id, in: place, at: row.time) }
                }
                writer.idRows.append((sequence, row.time))
            } catch {
                // Not among the rows that are deleted when their time is up: it stays.
                state.damagedIds.append(DamagedBlock(error, block: identity.name))
            }
        }
    }

    /// Reads what is known of dead letters without keeping them in memory.
    mutating func readDeadLetters(_ database: Database) throws(StorageError) {
        try Self.walk(database, Keys.deadLetterPrefix) { key, value in
            guard let (site, sequence) = Keys.siteAndNumber(key) else { return }
            pass(sequence)
            let letter: DeadLetter
            do throws(StorageError) {
                letter = try DeadLetter(sequence: sequence, site: site, block: value)
            } catch {
                letter = DeadLetter(damaged: sequence, error)
            }
            // One that cannot be read is as old as the one before it, so that it goes with its neighbours.
            let time = letter.time > 0 ? letter.time : writer.deadLetters[site]?.newest ?? 0
            writer.deadLetters[site, default: DeadLetterIndex()]
                .append(sequence: sequence, time: time, bytes: value.count, code: letter.code)
        }
    }
}
