import Events
import Storage

/// Finds the selected group of a segment's rows by one look-up, where they are grouped by one dimension without lists
/// or by intervals of one length alone: the way of almost all queries for distinct visitors.
struct DirectGroups: Sendable {
    private enum Kind: Sendable {
        /// By code of a column, the selected group.
        case column(Int, [UInt32])
        /// By interval, the selected group.
        case intervals(IntervalClock, [UInt32])
        /// By position of the event's name.
        case constant([UInt32])
    }

    private let kind: Kind

    /// - Parameter groups: number of selected groups; the one after them stands for none.
    init?(_ local: LocalGrouping, _ grouping: Grouping, _ segment: Segment, _ resolver: GroupResolver, groups: Int) {
        guard grouping.dimensions.count + (grouping.intervals == nil ? 0 : 1) == 1, local.isPlain else { return nil }
        var resolved = GroupResolver.Local()
        let selected = (0..<UInt32(local.count)).map { group -> UInt32 in
            var found = UInt32(groups)
            resolver.forEach(group, local, &resolved) { found = $0 }
            return found
        }
        if let intervals = grouping.intervals {
            guard let clock = IntervalClock(intervals, month: segment.header.month) else { return nil }
            kind = .intervals(clock, selected)
            return
        }
        switch local.dimensions[0].kind {
        case .column(let column): kind = .column(column, selected)
        case .names: kind = .constant(Array(selected.dropFirst()))
        case .absent: kind = .constant([UInt32](repeating: selected[0], count: segment.header.names.count))
        default: return nil
        }
    }

    /// Sets the bits of a piece's rows, those of no selected group in the one after the last.
    ///
    /// - Parameter mask: which rows count; `nil` for all.
    func insert(
        _ piece: Piece, segment: Segment, _ slots: VisitorSlots, index: Int, mask: [UInt8]?, into bits: VisitorBits
    ) throws(QueryError) {
        let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
        let rows = Rows(piece.range, ordinals: ordinals, map: slots.map(segment: index), slots: slots, mask: mask)
        let isInOrder: Bool
        switch kind {
        case .constant(let groups):
            isInOrder = rows.insert(into: bits) { _ in groups[piece.name] }
        case .intervals(let clock, let groups):
            let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
            precondition(piece.range.upperBound <= times.count)
            isInOrder = times.withUnsafeBufferPointer { times in
                groups.withUnsafeBufferPointer { groups in
                    rows.insert(into: bits) { groups[Int(clock.index(of: times[$0]))] }
                }
            }
        case .column(let column, let groups):
            let codes = try stored { () throws(StorageError) in
                try segment.codes(column: column, chunk: piece.chunk)
            }
            precondition(piece.range.upperBound <= codes.count)
            switch codes {
            case .constant(let code, _): isInOrder = rows.insert(into: bits) { _ in groups[Int(code)] }
            case .narrow(let codes): isInOrder = insert(rows, codes, groups, bits)
            case .medium(let codes): isInOrder = insert(rows, codes, groups, bits)
            case .wide(let codes): isInOrder = insert(rows, codes, groups, bits)
            }
        }
        guard isInOrder else { throw VisitorSlots.disorder }
    }

    @inline(__always)
    private func insert<C: FixedWidthInteger & UnsignedInteger>(
        _ rows: Rows, _ codes: [C], _ groups: [UInt32], _ bits: VisitorBits
    ) -> Bool {
        codes.withUnsafeBufferPointer { codes in
            // Codes are below the dictionary's size, which the groups have: that was checked when they were read.
            groups.withUnsafeBufferPointer { groups in
                rows.insert(into: bits) { groups[Int(truncatingIfNeeded: codes[$0])] }
            }
        }
    }

    /// Some rows and their visitors.
    private struct Rows {
        let range: Range<Int>
        let ordinals: [UInt32]
        let map: [UInt32]
        let shift: VisitorSlots.Shift
        let visitors: Int
        let mask: [UInt8]?

        init(_ range: Range<Int>, ordinals: [UInt32], map: [UInt32], slots: VisitorSlots, mask: [UInt8]?) {
            precondition(range.upperBound <= ordinals.count && mask.map { $0.count == range.count } ?? true)
            self.range = range
            self.ordinals = ordinals
            self.map = map
            shift = slots.shift
            visitors = slots.count
            self.mask = mask
        }

        /// Sets the bit of each row's visitor in its group. Nothing in the loops branches.
        ///
        /// - Returns: whether all visitors are of the partition.
        @inline(__always)
        func insert(into bits: VisitorBits, _ group: (Int) -> UInt32) -> Bool {
            guard visitors > 0 else { return range.isEmpty }
            let (base, words) = (bits.base, bits.words)
            let most = UInt32(visitors - 1)
            let shift = self.shift
            var greatest: UInt32 = 0
            ordinals.withUnsafeBufferPointer { ordinals in
                map.withUnsafeBufferPointer { map in
                    guard let mask else {
                        for row in range {
                            let slot = shift(map[Int(ordinals[row])])
                            greatest = max(greatest, slot)
                            let visitor = min(slot, most)
                            base[Int(group(row)) &* words &+ Int(visitor &>> 6)] |= 1 &<< UInt64(visitor & 63)
                        }
                        return
                    }
                    mask.withUnsafeBufferPointer { mask in
                        var position = 0
                        for row in range {
                            let slot = shift(map[Int(ordinals[row])])
                            greatest = max(greatest, slot)
                            let visitor = min(slot, most)
                            base[Int(group(row)) &* words &+ Int(visitor &>> 6)] |=
                                UInt64(mask[position]) &<< UInt64(visitor & 63)
                            position &+= 1
                        }
                    }
                }
            }
            return greatest <= most
        }
    }
}
