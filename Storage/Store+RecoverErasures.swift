import Logging
import RocksDB

extension RecoveredStore {
    /// Applies the erasures that were under way when the store was closed to everything numbered below them.
    ///
    /// To be called when segments and log rows have been read. Where it cannot be told which rows are to go, the site
    /// counts as damaged: its queries are refused rather than answered with what was erased.
    /// - Complexity: O(segments and runs below an erasure · what ``Segment/hiding(_:view:cache:)`` costs).
    mutating func applyErasures(
        _ database: Database, cache: PartCache, options: StoreOptions
    ) throws(StorageError) {
        try Self.walk(database, Keys.erasurePrefix) { key, value in
            guard let (site, sequence) = Keys.siteAndNumber(key) else { return }
            nextNumber = max(nextNumber, sequence == .max ? .max : sequence + 1)
            let identity = Block.Identity(kind: .erasure, site: site, number: sequence)
            do throws(StorageError) {
                let payload = try Block.decode(value, identity: identity)
                let erasure = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                    try Erasure(sequence: sequence, decoding: bytes)
                }
                // A site that is gone has nothing to erase from.
                state.sites[site]?.erasures.append(erasure)
            } catch {
                state.sites[site]?.damaged.append(DamagedBlock(error, block: identity.name))
            }
        }
        var batch = WriteBatch()
        for (site, data) in state.sites where !data.erasures.isEmpty && !options.forgetsMasks {
            var data = data
            data.sealed = data.sealed.compactMap { segment in
                let result = Self.hide(data.erasures, from: segment, numbered: segment.number) {
                    (visitors, view) throws(StorageError) in
                    try segment.hiding(visitors, view: view, cache: cache)
                }
                guard case .success(let masked) = result else {
                    data.damaged.append(Self.damage(result, "segment \(segment.number) of site \(site)"))
                    return nil
                }
                guard let masked else { return segment }
                if masked.header.rows > 0 { return masked }
                batch.delete(Keys.segment(site: site, segment: segment.number))
                batch.deleteRetired(site: site, segment: segment.number)
                return nil
            }
            for month in data.partitions.keys {
                let runs = data.partitions[month]?.runs ?? []
                let left = runs.compactMap { run -> InFlightRun? in
                    let sequence = run.sequences.max() ?? 0
                    let result = Self.hide(data.erasures, from: run.segment, numbered: sequence) {
                        (visitors, _) throws(StorageError) in try run.segment.runHiding(visitors)
                    }
                    guard case .success(let rest) = result else {
                        data.damaged.append(Self.damage(result, "log row \(sequence) of site \(site)"))
                        return nil
                    }
                    guard let rest else { return run }
                    if rest.header.rows > 0 { return InFlightRun(segment: rest, sequences: run.sequences) }
                    for sequence in run.sequences { batch.delete(Keys.log(site: site, sequence: sequence)) }
                    return nil
                }
                data.partitions[month]?.runs = left
            }
            state.sites[site] = data
        }
        if batch.count > 0 { try Storage.database { () throws(RocksDBError) in try database.write(batch) } }
    }

    /// What is left of a segment or run after the erasures that concern it; `nil` if it is as it was.
    private static func hide(
        _ erasures: [Erasure], from segment: Segment, numbered number: UInt64,
        _ hiding: (_ visitors: [UInt64], _ view: UInt64) throws(StorageError) -> Segment?
    ) -> Result<Segment?, StorageError> {
        let later = erasures.filter { $0.sequence > number }
        guard let last = later.last else { return .success(nil) }
        return Result { () throws(StorageError) in try hiding(later.map(\.visitor), last.sequence) }
    }

    private static func damage(_ result: Result<Segment?, StorageError>, _ block: String) -> DamagedBlock {
        guard case .failure(let error) = result else { return DamagedBlock(block: block, reason: "it is unknown") }
        return DamagedBlock(error, block: block)
    }
}
