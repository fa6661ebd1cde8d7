import Events

/// Looks at what the parts of one segment or log row say together.
struct SegmentCheck {
    let segment: Segment
    /// Called for contents that contradict each other.
    let found: (_ reason: String, _ part: PartID?) -> Void
    /// Called when a part cannot be read.
    let failed: (_ error: StorageError, _ part: PartID?) -> Void

    private var header: SegmentHeader { segment.header }

    init(
        segment: Segment, found: @escaping (_ reason: String, _ part: PartID?) -> Void,
        failed: @escaping (_ error: StorageError, _ part: PartID?) -> Void
    ) {
        self.segment = segment
        self.found = found
        self.failed = failed
    }

    /// Looks at everything.
    ///
    /// - Complexity: O(rows · columns + values).
    func run() {
        guard headerIsSound() else { return }
        visitors()
        rows()
        for column in header.columns.indices { ColumnCheck(self, column).run() }
        hours()
    }

    /// Reads a part; reports and returns `nil` where that fails.
    func read<T>(_ part: PartID, _ body: () throws(StorageError) -> T) -> T? {
        do throws(StorageError) {
            return try body()
        } catch {
            failed(error, part)
            return nil
        }
    }

    /// Compares a roll-up, if there is one, with the rows.
    func rollup(
        _ part: PartID, targets: @autoclosure () -> [[UInt32]], _ rollup: () throws(StorageError) -> Rollup?,
        codes: (_ chunk: Int) throws(StorageError) -> [UInt32]
    ) {
        do throws(StorageError) {
            guard let rollup = try rollup() else { return }
            var comparison = try RollupComparison(rollup, of: segment, targets: targets())
            if let reason = try comparison.difference(codes) { found(reason, part) }
        } catch {
            failed(error, part)
        }
    }

    /// The roll-up of the rows' hours.
    private func hours() {
        let hours = SegmentHours(header)
        let part = PartID(part: .rollup, column: SegmentHours.column)
        rollup(part, targets: (0..<UInt32(hours.codes)).map { [$0] }) { () throws(StorageError) in
            try segment.hours()
        } codes: { (chunk) throws(StorageError) in
            var codes: [UInt32] = []
            try segment.times(chunk: chunk).withUnsafeBufferPointer { hours.codes(of: $0, into: &codes) }
            return codes
        }
    }

    // MARK: The header

    /// Checks what needs nothing but the header; whether it makes sense to go on.
    private func headerIsSound() -> Bool {
        let part = PartID(part: .header)
        for (name, next) in zip(header.names, header.names.dropFirst())
        where !name.name.utf8.lexicographicallyPrecedes(next.name.utf8) {
            found("its event names are not in order at \(next.name)", part)
        }
        for (column, next) in zip(header.columns, header.columns.dropFirst())
        where !column.name.utf8.lexicographicallyPrecedes(next.name.utf8) {
            found("its columns are not in order at \(next.name)", part)
        }
        for column in header.columns where column.present == 0 {
            found("its column \(column.name) has no row with a value", part)
        }
        guard (CivilTime.earliest...CivilTime.latest).contains(header.first), header.last <= CivilTime.latest else {
            found("its times are none an event can have", part)
            return false
        }
        if header.month != CivilTime.monthStart(of: header.first)
            || header.last >= CivilTime.monthEnd(of: header.month)
        {
            found("its times are not within one month", part)
        }
        if segment.isSealed, !header.bucket.holds(header.first...header.last) {
            found("its times are outside its bucket", part)
        }
        return true
    }

    // MARK: Visitors

    private func visitors() {
        let hashes = read(PartID(part: .visitorHashes)) { () throws(StorageError) in try segment.visitorHashes() }
        let part = PartID(part: .visitorNames)
        let names = read(part) { () throws(StorageError) in try segment.visitorNames() }
        guard let hashes, let names else { return }
        if hashes.count != header.visitors || names.count != header.visitors + 1 {
            return found("its visitors are \(hashes.count), its header says \(header.visitors)", part)
        }
        // A name's hash is computed when it is read, so the stored ones are compared with what they stand for.
        if let position = hashes.indices.first(where: { names.hashes[$0 + 1] != hashes[$0] }) {
            found("the name of visitor \(position) is another one's", part)
        }
    }

    // MARK: Rows

    private func rows() {
        var order = RowOrder(header)
        var times: ClosedRange<UInt32>?
        var isSeen = [Bool](repeating: false, count: header.visitors)
        var hasValue = false
        var isComplete = true
        for chunk in 0..<header.chunks {
            let ordinalsID = PartID(part: .ordinals, chunk: UInt32(chunk))
            let timesID = PartID(part: .times, chunk: UInt32(chunk))
            let ordinals = read(ordinalsID) { () throws(StorageError) in try segment.ordinals(chunk: chunk) }
            let offsets = read(timesID) { () throws(StorageError) in try segment.times(chunk: chunk) }
            if header.hasValues {
                let id = PartID(part: .values, chunk: UInt32(chunk))
                if let values = read(id, { () throws(StorageError) in try segment.values(chunk: chunk) ?? [] }) {
                    if values.contains(where: \.isInfinite) { found("a value is infinite", id) }
                    hasValue = hasValue || values.contains { !$0.isNaN }
                } else {
                    isComplete = false
                }
            }
            guard let ordinals, let offsets else {
                isComplete = false
                order.skip(header.rows(inChunk: chunk))
                continue
            }
            for ordinal in ordinals { isSeen[Int(ordinal)] = true }
            if let low = offsets.min(), let high = offsets.max() {
                let id = PartID(part: .directory)
                let zone = read(id) { () throws(StorageError) in try segment.timeZone(chunk: chunk) }
                if let zone = zone ?? nil, zone != low...high {
                    found("the times of chunk \(chunk) are \(low) to \(high), it says \(zone)", id)
                }
                times = min(times?.lowerBound ?? low, low)...max(times?.upperBound ?? high, high)
            }
            if let row = order.firstDisorder(ordinals, offsets) {
                found("its rows are not in the order of name, visitor and time at row \(row)", ordinalsID)
            }
        }
        guard isComplete else { return }
        if let times {
            let (first, last) = (header.month + Int64(times.lowerBound), header.month + Int64(times.upperBound))
            if first != header.first || last != header.last {
                found(
                    "its times are from \(first) to \(last), its header says \(header.first) to \(header.last)",
                    PartID(part: .header))
            }
        }
        if let unseen = isSeen.firstIndex(of: false) {
            found("no row is of its visitor \(unseen)", PartID(part: .visitorHashes))
        }
        if header.hasValues, !hasValue {
            found("its header announces values and no row has one", PartID(part: .header))
        }
    }
}

/// Goes along a segment's rows and looks at their order.
private struct RowOrder {
    private let names: [NameRun]
    private var name = 0
    private var row = 0
    /// The row before, if it is of the same name.
    private var previous: (ordinal: UInt32, time: UInt32)?

    init(_ header: SegmentHeader) { names = header.names }

    /// Leaves out rows that cannot be read.
    mutating func skip(_ rows: Int) {
        row += rows
        previous = nil
    }

    /// Takes the next rows in; the first that comes before its predecessor.
    mutating func firstDisorder(_ ordinals: [UInt32], _ times: [UInt32]) -> Int? {
        var disorder: Int?
        for (ordinal, time) in zip(ordinals, times) {
            while name < names.count, row >= names[name].rows.upperBound {
                name += 1
                previous = nil
            }
            if let previous, (ordinal, time) < previous { disorder = disorder ?? row }
            previous = (ordinal, time)
            row += 1
        }
        return disorder
    }
}

extension Bucket {
    /// Whether all of these times lie in it.
    fileprivate func holds(_ times: ClosedRange<Int64>) -> Bool {
        let (end, overflow): (Int64, Bool) =
            switch level {
            case .none: (0, true)
            case .hour: start.addingReportingOverflow(Bucket.hour)
            case .day: start.addingReportingOverflow(Bucket.day)
            // The times have been looked at, so this is a time a calendar has.
            case .month: (CivilTime.monthEnd(of: times.lowerBound), start != CivilTime.monthStart(of: times.lowerBound))
            }
        return !overflow && times.lowerBound >= start && times.upperBound < end
    }
}
