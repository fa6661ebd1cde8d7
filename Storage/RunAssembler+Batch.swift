import Events

extension RunAssembler {
    /// Sorts the rows of a decoded batch.
    ///
    /// - Parameter keep: rows to take, all if `nil`.
    /// - Complexity: O(rows · log rows + columns · rows).
    package static func run(
        of batch: ColumnBatch, keep: [Bool]? = nil
    ) -> (header: SegmentHeader, columns: RunColumns) {
        // Visitors in the order of their hashes.
        let visitorCodes = (1..<batch.visitors.count).sorted { batch.visitors.hashes[$0] < batch.visitors.hashes[$1] }
        var ordinalOfCode = [UInt32](repeating: 0, count: batch.visitors.count)
        for (ordinal, code) in visitorCodes.enumerated() { ordinalOfCode[code] = UInt32(ordinal) }
        // Names in the order of their bytes.
        let nameTexts = (0..<batch.names.count).map { batch.names.text(of: $0) ?? "" }
        let nameCodes = (1..<batch.names.count).sorted {
            Array(nameTexts[$0].utf8).lexicographicallyPrecedes(Array(nameTexts[$1].utf8))
        }
        var rankOfCode = [UInt64](repeating: 0, count: batch.names.count)
        for (rank, code) in nameCodes.enumerated() { rankOfCode[code] = UInt64(rank) }

        struct SortKey {
            var nameAndVisitor: UInt64
            var timeAndRow: UInt64
        }
        var keys: [SortKey] = []
        keys.reserveCapacity(batch.rows)
        var counts = [Int](repeating: 0, count: nameCodes.count)
        let ordinals = batch.visitorCodes.map { ordinalOfCode[Int($0)] }
        for row in 0..<batch.rows where keep?[row] ?? true {
            let rank = rankOfCode[Int(batch.nameCodes[row])]
            counts[Int(rank)] += 1
            keys.append(
                SortKey(
                    nameAndVisitor: rank << 32 | UInt64(ordinals[row]),
                    timeAndRow: UInt64(batch.times[row]) << 32 | UInt64(row)))
        }
        keys.sort {
            $0.nameAndVisitor != $1.nameAndVisitor
                ? $0.nameAndVisitor < $1.nameAndVisitor : $0.timeAndRow < $1.timeAndRow
        }
        let present = batch.columns.indices.filter { !batch.columns[$0].codes.isEmpty }
            .sorted { batch.columns[$0].name.utf8.lexicographicallyPrecedes(batch.columns[$1].name.utf8) }
        let assembler = RunAssembler(
            names: nameCodes.enumerated().map { (nameTexts[$1], batch.names.hashes[$1], counts[$0]) },
            order: keys.map { UInt32(truncatingIfNeeded: $0.timeAndRow) }, month: batch.month, times: batch.times,
            ordinals: ordinals, visitors: visitorCodes.map { batch.visitors.hashes[$0] },
            visitorNames: visitorCodes.map { (0, UInt32($0)) }, nameTables: [batch.visitors],
            values: batch.hasValues ? batch.values : [], columnNames: present.map { batch.columns[$0].name })
        return assembler.build(
            bucket: Bucket(level: .none, start: batch.month), dictionaries: keep == nil ? .asTheyAre : .used,
            hash: batch.hash
        ) { index in
            let column = batch.columns[present[index]]
            var codes = column.codes
            codes.append(contentsOf: repeatElement(0, count: batch.rows - codes.count))
            return (column.table, codes)
        }
    }
}
