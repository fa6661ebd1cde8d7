/// Roll-ups of format version 1: row-wise, all in one part, without visitors.
extension RollupHead {
    init(decodingVersion1 bytes: UnsafeRawBufferPointer, _ shape: RollupShape) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        var block = RollupBlock()
        for _ in 0..<(try reader.count(ofSize: 2)) {
            let code = try reader.varint()
            guard code < UInt64(shape.codes) else { throw DecodingFault("holds a code out of range") }
            var events: UInt64 = 0
            for _ in 0..<(try reader.bounded(shape.names)) {
                let name = try reader.varint()
                guard name < UInt64(shape.names) else { throw DecodingFault("holds a name out of range") }
                let cell = UInt32(try reader.bounded(Int(UInt32.max)))
                let values = UInt32(try reader.bounded(Int(cell)))
                events += UInt64(cell)
                block.cellNames.append(UInt32(name))
                block.cellEvents.append(cell)
                block.cellStatistics.append(0)
                guard values > 0 else { continue }
                var statistics = RollupBlock.Statistics(count: values, sum: try reader.sum())
                statistics.minimum = try reader.f64()
                statistics.maximum = try reader.f64()
                block.statistics.append(statistics)
                block.cellStatistics[block.cellStatistics.count - 1] = UInt32(block.statistics.count)
            }
            guard events <= UInt64(block.events.last ?? .max), events <= UInt64(UInt32.max) else {
                throw DecodingFault("has entries out of order")
            }
            block.codes.append(UInt32(code))
            block.events.append(UInt32(events))
            block.starts.append(UInt32(block.cellNames.count))
        }
        try reader.end()
        var directory = RollupDirectory()
        directory.distinct = block.count
        if block.count > 0 {
            directory.blocks = [
                RollupDirectory.Summary(
                    first: 0, entries: block.count, maxEvents: Int(block.events[0]), maxVisitors: shape.visitors,
                    maxSum: .greatestFiniteMagnitude, hasSets: false)
            ]
        }
        self.init(directory: directory, block: block)
    }
}
