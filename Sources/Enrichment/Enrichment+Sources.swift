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
        let campaigns = batch.columns[columns.utmSource]
        let hosts = batch.columns[columns.host]
        let referrerHosts = batch.columns[columns.referrerHost]
        let ofCampaign = sources(of: campaigns.table, in: batch) { SourceNames.campaign($0) }
        let ofReferrer = sources(of: referrerHosts.table, in: batch) { SourceNames.referrer(host: $0) }
        // Where host and referrer are the same but for `www.`, they have the same number.
        let own = Self.identities(hosts.table, batch.hash)
        let foreign = Self.identities(referrerHosts.table, batch.hash)
        let empty = (0..<referrers.table.count).filter { referrers.table.withBytes(of: $0) { $0.isEmpty } }
        let direct = intern(SourceNames.direct, in: batch)

        func code(_ codes: [UInt32], _ row: Int) -> Int { row < codes.count ? Int(codes[row]) : 0 }
        var codes = [UInt32](repeating: 0, count: batch.rows)
        for row in 0..<batch.rows {
            let campaign = code(campaigns.codes, row)
            if campaign != 0 {
                codes[row] = ofCampaign[campaign]
                continue
            }
            let referrer = code(referrerHosts.codes, row)
            if referrer != 0 {
                if foreign[referrer] != own[code(hosts.codes, row)] { codes[row] = ofReferrer[referrer] }
            } else if code(urls, row) != 0, empty.contains(code(referrers.codes, row)) {
                codes[row] = direct
            }
        }
        batch.setCodes(codes, column: columns.source)
    }

    private func sources(
        of table: ValueTable, in batch: ColumnBatch, _ name: (UnsafeRawBufferPointer) -> String?
    ) -> [UInt32] {
        var codes: [UInt32] = [0]
        for code in 1..<max(1, table.count) {
            codes.append(
                table.withBytes(of: code) { bytes in
                    if let name = name(bytes) { return intern(name, in: batch) }
                    let bare = SourceNames.withoutWWW(bytes)
                    return batch.intern(bare, kind: .string, hash: batch.hash(bare), column: columns.source)
                })
        }
        return codes
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
