extension RollupBuilder {
    /// Adds the rows that follow those added so far.
    package mutating func add(
        firstRow: Int, codes: [UInt32], ordinals: [UInt32], values: [Double]?, visitorRuns: [UInt32]? = nil
    ) {
        codes.withUnsafeBufferPointer { codes in
            ordinals.withUnsafeBufferPointer { ordinals in
                (values ?? []).withUnsafeBufferPointer { own in
                    (visitorRuns ?? []).withUnsafeBufferPointer { runs in
                        add(
                            firstRow: firstRow, codes: codes, ordinals: ordinals, values: values == nil ? nil : own,
                            visitorRuns: visitorRuns == nil ? nil : runs)
                    }
                }
            }
        }
    }
}

extension Rollup {
    /// Makes the roll-up of a run's column.
    ///
    /// - Complexity: O(rows + values · log values + cells).
    package static func make(
        _ header: SegmentHeader, _ columns: RunColumns, column: Int, limits: RollupLimits = RollupLimits()
    ) -> EncodedRollup {
        var builder = RollupBuilder(
            names: header.names, table: columns.columns[column].table, visitorHashes: columns.visitorHashes,
            hasValues: header.hasValues, limits: limits)
        var codes: [UInt32] = []
        for chunk in 0..<header.chunks {
            codes.removeAll(keepingCapacity: true)
            columns.columns[column].chunks[chunk].append(to: &codes)
            builder.add(
                firstRow: chunk * CodeChunk.rows, codes: codes, ordinals: columns.ordinals[chunk],
                values: header.hasValues ? columns.values[chunk] : nil)
        }
        return builder.finish()
    }

    /// Makes the roll-up of a run's hours.
    ///
    /// - Complexity: O(rows).
    package static func makeHours(
        _ header: SegmentHeader, _ columns: RunColumns, limits: RollupLimits = RollupLimits()
    ) -> EncodedRollup {
        let hours = SegmentHours(header)
        var builder = RollupBuilder(
            hours: hours, names: header.names, visitorHashes: columns.visitorHashes, hasValues: header.hasValues,
            limits: limits)
        var codes: [UInt32] = []
        for chunk in 0..<header.chunks {
            columns.times[chunk].withUnsafeBufferPointer { hours.codes(of: $0, into: &codes) }
            builder.add(
                firstRow: chunk * CodeChunk.rows, codes: codes, ordinals: columns.ordinals[chunk],
                values: header.hasValues ? columns.values[chunk] : nil)
        }
        return builder.finish()
    }
}
