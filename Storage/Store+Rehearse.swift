import Events
import Synchronization

extension Store {
    /// What a commit of an item would come to, without anything being stored or remembered.
    ///
    /// - Throws: what the commit would throw, or its item's failure.
    public func rehearse(_ item: CommitItem) throws(StorageError) -> CommitOutcome {
        try writer.withLock { (writer) throws(StorageError) in
            if let failure = state.withLock({ $0.failure }) { throw .failed(failure) }
            try space.requireReserve()
            let now = clock.milliseconds()
            var outcome = CommitOutcome()
            var new: [String] = []
            for name in item.runs.map(\.batch.site) + item.deadLetters.map(\.site)
            where !new.contains(name) && state.withLock({ $0.numbers[name] }) == nil {
                _ = try newSite(named: name, after: nil, count: new.count)
                new.append(name)
            }
            for run in item.runs {
                let site = state.withLock { $0.numbers[run.batch.site] }
                var repeated = 0
                if let site {
                    for id in run.batch.ids where id != 0 {
                        if writer.ids.contains(IdRow.mixed(id, site: site), site: site, at: now) { repeated += 1 }
                    }
                }
                outcome.duplicates += repeated
                outcome.accepted += run.rows - repeated
            }
            return outcome
        }
    }
}
