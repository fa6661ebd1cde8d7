import Events

extension SegmentMerge {
    /// Writes a column's dictionary, codes and roll-up, derived from something else where that pays.
    ///
    /// Each way of deriving is tried by doing it; it is given up as soon as it fails too often, and the next is tried.
    mutating func write(
        _ position: Int, _ column: MergeSources.Column, _ source: ColumnSources, _ batch: inout PartsBatch
    ) throws(StorageError) -> ColumnSummary {
        try batch.put(
            PartID(part: .dictionary, column: UInt16(position)), SegmentParts.encode(source.table), segment: segment)
        for way in ways(column, source) {
            guard let written = try write(position, column, source, way, &batch) else { continue }
            for part in written.rollup.parts(column: position) {
                try batch.put(part.id, part.payload, segment: segment)
            }
            directory.columns[position] = written.zones
            // What it was derived from is perhaps to be derived from it now, or others from either.
            if written.storage == .plain, hint(column) == .byColumn { ignoresHints = true }
            return ColumnSummary(
                name: column.text, distinct: source.table.count, present: source.present,
                first: sources.month + Int64(source.first), last: sources.month + Int64(source.last),
                kinds: source.kinds, rollup: written.rollup.kind, storage: written.storage)
        }
        preconditionFailure("the last way, plain, never fails")
    }

    /// What came of writing a column's chunks.
    private struct Written {
        var storage: ColumnStorage
        var zones: [ChunkDirectory.Zone]
        var rollup: EncodedRollup
    }

    /// A way to write a column, with what it finds out on its way.
    private enum Way {
        case plain
        case byVisitor(VisitorDependence)
        case byColumn(ColumnDependence)
    }

    /// The ways to try, plain the last.
    private func ways(_ column: MergeSources.Column, _ source: ColumnSources) -> [Way] {
        let isConstant = source.present == order.rows && source.table.count == 2
        guard !selection.isBrief, !isConstant, order.rows >= Self.minDependentRows else { return [.plain] }
        let hint = hint(column)
        var ways: [Way] = []
        if hint ?? .byVisitor == .byVisitor {
            ways.append(.byVisitor(VisitorDependence(visitors: order.visitors)))
        }
        if hint ?? .byColumn == .byColumn {
            for base in bases where base.codes >= source.table.count {
                ways.append(.byColumn(ColumnDependence(base: base.column, codes: base.codes)))
            }
        }
        return ways + [.plain]
    }

    /// How the column was stored in the sources that are sealed already, or else lately in other segments; `nil` if
    /// neither is known. A dependence that did not hold then is not looked for again, until one that did no longer does.
    private func hint(_ column: MergeSources.Column) -> ColumnStorage.Kind? {
        if ignoresHints { return nil }
        var largest: (rows: Int, kind: ColumnStorage.Kind)?
        for (segment, position) in zip(sources.segments, column.positions) {
            guard let position, segment.isSealed, !segment.isMasked, segment.header.tellsDependences,
                segment.header.rows >= Self.minDependentRows, segment.header.rows > largest?.rows ?? 0
            else { continue }
            let kind = segment.header.columns[position].storage.kind
            if segment.header.tells(kind, ofRows: order.rows) { largest = (segment.header.rows, kind) }
        }
        return largest?.kind ?? hints[Array(column.text.utf8)]
    }

    /// Writes a column's chunks in one way; `nil` if it was given up.
    private mutating func write(
        _ position: Int, _ column: MergeSources.Column, _ source: ColumnSources, _ way: Way,
        _ batch: inout PartsBatch
    ) throws(StorageError) -> Written? {
        var way = way
        var zones: [ChunkDirectory.Zone] = []
        zones.reserveCapacity(chunks)
        var isKept = false
        if case .plain = way { isKept = !selection.isBrief && bases.count < Self.maxBases && source.table.count > 2 }
        var kept = Base(column: position, codes: source.table.count, chunks: [])
        var keptBytes = 0
        var limits = RollupLimits(columns: sources.columns.count)
        limits.hasSets = !selection.isBrief
        limits.isBrief = selection.isBrief
        var rollup = RollupBuilder(
            names: names, table: source.table, visitorHashes: visitorHashes, hasValues: hasValues, limits: limits)
        let gather = ColumnGather(sources, selection, positions: column.positions, maps: source.maps)
        var codes: [UInt32] = []
        var exceptions = Exceptions()
        for chunk in 0..<chunks {
            try check()
            let range = rows(inChunk: chunk)
            try gather.read(order.sources[range], into: &codes)
            let ordinals = ordinals(chunk: chunk)
            let zone = ChunkDirectory.Zone(codes)
            let isConstant = zone.minimum == zone.maximum
            var encoded: [UInt8]?
            switch way {
            case .plain: break
            case .byVisitor(var dependence):
                // Taken out and put back, so that its array is not copied.
                way = .plain
                let isHopeful = dependence.add(codes, ordinals: ordinals, isConstant: isConstant, &exceptions)
                way = .byVisitor(dependence)
                guard isHopeful else { return withdraw(position, zones, &batch) }
            case .byColumn(var dependence):
                way = .plain
                let isHopeful = dependence.add(
                    codes, bases: baseChunk(dependence.base, chunk), names: names(in: range), isConstant: isConstant,
                    &exceptions)
                way = .byColumn(dependence)
                guard isHopeful else { return withdraw(position, zones, &batch) }
            }
            var stored = zone
            let id = PartID(part: .codes, column: UInt16(position), chunk: UInt32(chunk))
            if !isConstant {
                if case .plain = way {
                    stored.kind = .stored
                } else if DependenceScore.isGood(exceptions: exceptions.rows.count, rows: codes.count) {
                    stored.kind = exceptions.rows.isEmpty ? .derived : .corrected
                } else {
                    stored.kind = .stored
                }
                if stored.kind == .stored {
                    let payload =
                        selection.isBrief
                        ? SegmentParts.encodePacked(codes, in: zone.minimum...zone.maximum)
                        : SegmentParts.encodeMeasured(codes)
                    try batch.putEncoded(id, payload, segment: segment)
                    encoded = payload
                } else if stored.kind == .corrected {
                    let payload = DerivedCodes.encodeExceptions(rows: exceptions.rows, codes: exceptions.codes)
                    try batch.putEncoded(id, payload, segment: segment)
                }
            }
            zones.append(stored)
            if isKept {
                let payload = encoded ?? SegmentParts.encodeMeasured(codes)
                keptBytes += payload.count
                isKept = keptBytes <= Self.maxBaseBytes
                kept.chunks.append(payload)
            }
            var runs: [UInt32]?
            if case .byVisitor = way, stored.kind == .derived { runs = RollupBuilder.visitorRuns(ordinals) }
            rollup.add(
                firstRow: range.lowerBound, codes: codes, ordinals: ordinals, values: values(chunk: chunk),
                visitorRuns: runs)
        }
        var storage = ColumnStorage.plain
        switch way {
        case .plain: if isKept { bases.append(kept) }
        case .byVisitor(let dependence):
            guard dependence.score.isWorthwhile else { return withdraw(position, zones, &batch) }
            storage = .byVisitor
            for start in stride(from: 0, to: order.visitors, by: CodeChunk.rows) {
                let part = Array(dependence.codes[start..<min(start + CodeChunk.rows, order.visitors)])
                try batch.putEncoded(
                    PartID(
                        part: .visitorCodes, column: UInt16(position), chunk: UInt32(start / CodeChunk.rows)),
                    SegmentParts.encodeMeasured(part), segment: segment)
            }
        case .byColumn(var dependence):
            guard dependence.finish(names: names.count) else { return withdraw(position, zones, &batch) }
            storage = .byColumn(dependence.base)
            try batch.put(
                PartID(part: .columnMap, column: UInt16(position)), dependence.map.encode(), segment: segment)
        }
        return Written(storage: storage, zones: zones, rollup: rollup.finish())
    }

    /// Takes back what was written of a column in a way that is given up.
    private func withdraw(
        _ position: Int, _ zones: [ChunkDirectory.Zone], _ batch: inout PartsBatch
    ) -> Written? {
        for (chunk, zone) in zones.enumerated() where zone.kind == .stored || zone.kind == .corrected {
            batch.remove(PartID(part: .codes, column: UInt16(position), chunk: UInt32(chunk)), segment: segment)
        }
        return nil
    }

    private func baseChunk(_ column: Int, _ chunk: Int) -> [UInt32] {
        guard let base = bases.first(where: { $0.column == column }) else {
            preconditionFailure("a column depends on one that is kept")
        }
        return SegmentParts.ownBytes(base.chunks[chunk]) { (raw) throws(DecodingFault) in
            try SegmentParts.decodeWide(raw, rows: rows(inChunk: chunk).count, below: base.codes)
        }
    }

    /// The names that have rows in a chunk, and those rows numbered within it.
    private func names(in chunk: Range<Int>) -> [(name: Int, rows: Range<Int>)] {
        var next = names.firstIndex { $0.rows.upperBound > chunk.lowerBound } ?? names.count
        var parts: [(name: Int, rows: Range<Int>)] = []
        while next < names.count, names[next].rows.lowerBound < chunk.upperBound {
            let part = names[next].rows.clamped(to: chunk)
            parts.append((next, (part.lowerBound - chunk.lowerBound)..<(part.upperBound - chunk.lowerBound)))
            next += 1
        }
        return parts
    }
}

extension ChunkDirectory.Zone {
    /// The range of a chunk's codes; of kind ``ChunkDirectory/Kind/constant`` until that is decided.
    fileprivate init(_ codes: [UInt32]) {
        kind = .constant
        minimum = codes[0]
        maximum = codes[0]
        for code in codes {
            minimum = min(minimum, code)
            maximum = max(maximum, code)
        }
    }
}
