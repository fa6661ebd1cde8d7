import Events

extension Enrichment {
    /// Sets `source`: where a visitor came from, by the campaign if the URL names one, else by the referrer.
    ///
    /// A page without either is `Direct`; an empty referrer is none, as browsers have it. A referrer of the page's own host says that the visitor was there already, and
    /// an event without a URL is not from a page: neither has a source.
    func setSource(_ batch: ColumnBatch) {
        let urls = batch.columns[columns.url].codes
        let referrers = batch.columns[columns.referrer]
        guard !urls.isEmpty || !referrers.codes.isEmpty else { return }
        var codes = [UInt32](repeating: 0, count: batch.rows)
        for (row, url) in urls.enumerated() where url != 0 { codes[row] = Self.pending }
        let isEmpty = (0..<referrers.table.count).map { referrers.table.withBytes(of: $0) { $0.isEmpty } }
        for (row, referrer) in referrers.codes.enumerated() where !isEmpty[Int(referrer)] { codes[row] = 0 }
        setReferrers(batch, &codes)
        let campaigns = batch.columns[columns.utmSource]
        var known = [UInt32](repeating: Self.pending, count: campaigns.table.count)
        for (row, campaign) in campaigns.codes.enumerated() where campaign != 0 {
            codes[row] = code(of: Int(campaign), in: campaigns.table, batch, &known) { SourceNames.campaign($0) }
        }
        if codes.contains(Self.pending) {
            let direct = intern(SourceNames.direct, in: batch)
            for row in codes.indices where codes[row] == Self.pending { codes[row] = direct }
        }
        batch.setCodes(codes, column: columns.source)
    }

    /// Stands for a code that is not there yet: a table holds only what some row has.
    private static let pending = UInt32.max

    /// Sets the sources of rows whose referrer is of another host than their page, and that no campaign brought.
    private func setReferrers(_ batch: ColumnBatch, _ codes: inout [UInt32]) {
        let referrers = batch.columns[columns.referrerHost]
        guard !referrers.codes.isEmpty else { return }
        let hosts = batch.columns[columns.host]
        let campaigns = batch.columns[columns.utmSource].codes
        var known = [UInt32](repeating: Self.pending, count: referrers.table.count)
        // Where host and referrer are the same but for `www.`, they have the same number.
        let own = Self.identities(hosts.table, batch.hash)
        let foreign = Self.identities(referrers.table, batch.hash)
        for (row, referrer) in referrers.codes.enumerated() where referrer != 0 {
            // What no row takes must not become a value.
            if row < campaigns.count, campaigns[row] != 0 { continue }
            let host = row < hosts.codes.count ? Int(hosts.codes[row]) : 0
            guard foreign[Int(referrer)] != own[host] else { continue }
            codes[row] = code(of: Int(referrer), in: referrers.table, batch, &known) {
                SourceNames.referrer(host: $0)
            }
        }
    }

    /// The code of the source that a value of another column means.
    ///
    /// - Parameters:
    ///   - known: codes of the values that were asked for before.
    ///   - name: its name, `nil` where it stands for itself.
    private func code(
        of value: Int, in table: ValueTable, _ batch: ColumnBatch, _ known: inout [UInt32],
        _ name: (UnsafeRawBufferPointer) -> String?
    ) -> UInt32 {
        if known[value] == Self.pending {
            known[value] = table.withBytes(of: value) { bytes in
                if let name = name(bytes) { return intern(name, in: batch) }
                let bare = SourceNames.withoutWWW(bytes)
                return batch.intern(bare, kind: .string, hash: batch.hash(bare), column: columns.source)
            }
        }
        return known[value]
    }

    private func intern(_ name: String, in batch: ColumnBatch) -> UInt32 {
        var name = name
        return name.withUTF8 {
            let bytes = UnsafeRawBufferPointer($0)
            return batch.intern(bytes, kind: .string, hash: batch.hash(bytes), column: columns.source)
        }
    }

    /// A number for each host, the same for `example.com` and `www.example.com`; 0 for none.
    private static func identities(_ table: ValueTable, _ hash: EventHash) -> [UInt64] {
        var numbers: [UInt64] = [0]
        for code in 1..<max(1, table.count) {
            numbers.append(table.withBytes(of: code) { hash(SourceNames.withoutWWW($0)) | 1 })
        }
        return numbers
    }
}
