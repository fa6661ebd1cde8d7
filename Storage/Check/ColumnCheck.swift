import Events

/// Looks at one column of a segment: its dictionary, its codes, what the header says of it, and its roll-up.
struct ColumnCheck {
    private let check: SegmentCheck
    private let column: Int

    private var segment: Segment { check.segment }
    private var header: SegmentHeader { segment.header }
    private var summary: ColumnSummary { header.columns[column] }

    init(_ check: SegmentCheck, _ column: Int) {
        self.check = check
        self.column = column
    }

    private func id(_ part: Part, chunk: Int = 0) -> PartID {
        PartID(part: part, column: UInt16(truncatingIfNeeded: column), chunk: UInt32(chunk))
    }

    /// Looks at everything; one pass over the rows, and a second one if there is a roll-up.
    func run() {
        let table = check.read(id(.dictionary)) { () throws(StorageError) in try segment.table(column: column) }
        if let table { dictionary(table) }
        codes(table)
        if let table { rollup(table) }
    }

    private func rollup(_ table: ValueTable) {
        guard summary.hasRollup else { return }
        check.rollup(id(.rollup), targets: RollupComparison.targets(table, summary.rollup)) { () throws(StorageError) in
            try segment.rollup(column: column)
        } codes: { (chunk) throws(StorageError) in
            var flat: [UInt32] = []
            try segment.codes(column: column, chunk: chunk).append(to: &flat)
            return flat
        }
    }

    private func dictionary(_ table: ValueTable) {
        struct Value: Hashable {
            var hash: UInt64
            var kind: UInt8
        }
        var values: Set<Value> = []
        values.reserveCapacity(table.count)
        for code in 1..<max(1, table.count)
        where !values.insert(Value(hash: table.hashes[code], kind: table.kinds[code])).inserted {
            return check.found("its value \(code) is there twice", id(.dictionary))
        }
    }

    private static let directory = PartID(part: .directory)

    /// What the directory says of a chunk's codes.
    private func zone(_ chunk: Int) -> ClosedRange<UInt32>? {
        check.read(Self.directory) { () throws(StorageError) in try segment.zone(column: column, chunk: chunk) } ?? nil
    }

    private func codes(_ table: ValueTable?) {
        var isUsed = [Bool](repeating: false, count: summary.distinct)
        var present = 0
        var first = UInt32.max
        var last: UInt32 = 0
        var isComplete = true
        for chunk in 0..<header.chunks {
            let codes = check.read(id(.codes, chunk: chunk)) { () throws(StorageError) in
                try segment.codes(column: column, chunk: chunk)
            }
            let times = check.read(PartID(part: .times, chunk: UInt32(chunk))) { () throws(StorageError) in
                try segment.times(chunk: chunk)
            }
            guard let codes, let times else {
                isComplete = false
                continue
            }
            var flat: [UInt32] = []
            flat.reserveCapacity(codes.count)
            codes.append(to: &flat)
            if let zone = zone(chunk), let low = flat.min(), let high = flat.max(), zone != low...high {
                check.found("its codes in chunk \(chunk) are \(low) to \(high), it says \(zone)", Self.directory)
            }
            for (code, time) in zip(flat, times) where code != 0 {
                isUsed[Int(code)] = true
                present += 1
                first = min(first, time)
                last = max(last, time)
            }
        }
        guard isComplete else { return }
        if present != summary.present {
            check.found("\(present) rows have a value, the header says \(summary.present)", id(.codes))
        }
        guard present > 0 else { return }
        if header.month + Int64(first) != summary.first || header.month + Int64(last) != summary.last {
            check.found("its first or last row with a value is not that of the header", id(.codes))
        }
        guard let table else { return }
        var kinds: UInt8 = 0
        for code in 1..<max(1, table.count) where isUsed[code] {
            kinds |= 1 << table.kinds[code]
            for member in table.members(of: code) { kinds |= 1 << table.kinds[Int(member)] }
        }
        if kinds != summary.kinds { check.found("its values are of other kinds than the header says", id(.dictionary)) }
    }
}
