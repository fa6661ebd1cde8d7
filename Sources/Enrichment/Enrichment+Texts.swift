import Events

extension Enrichment {
    /// Gives the values of a column one spelling.
    ///
    /// - Parameter normalized: the spelling of a value, `nil` for one that stays as it is.
    func rewrite(
        _ column: Int, of batch: ColumnBatch, normalized: (UnsafeRawBufferPointer) -> [UInt8]?
    ) {
        let source = batch.columns[column]
        guard source.table.count > 1 else { return }
        // Nearly always nothing has to change.
        var spellings: [Int: [UInt8]] = [:]
        for code in 1..<source.table.count {
            if let spelling = source.table.withBytes(of: code, normalized) { spellings[code] = spelling }
        }
        if spellings.isEmpty { return }
        var table = ValueTable()
        var codes: [UInt32] = [0]
        for code in 1..<source.table.count {
            if let spelling = spellings[code] {
                codes.append(
                    spelling.withUnsafeBytes { table.intern($0, kind: .string, hash: batch.hash($0)) })
            } else {
                codes.append(
                    source.table.withBytes(of: code) {
                        table.intern($0, kind: source.table.kind(of: code), hash: source.table.hashes[code])
                    })
            }
        }
        batch.replace(column: column, table: table, codes: source.codes.map { codes[Int($0)] })
    }
}
