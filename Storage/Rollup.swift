import Events

/// Events and sums of one dimension's values in a segment, by event name, most frequent value first.
public struct Rollup: Sendable {
    /// Value of each entry, a code of the column's table.
    public internal(set) var codes: [UInt32] = []
    /// Where each entry's cells begin in ``cells``; one more than ``codes``.
    public internal(set) var starts: [Int] = [0]
    /// The cells of all entries.
    public internal(set) var cells: [Cell] = []

    /// One value's events of one name.
    public struct Cell: Sendable {
        /// Position in the segment's names.
        public var name: UInt32
        /// Number of events.
        public var events: UInt64
        /// Number of events with a `value`.
        public var values: UInt64
        /// Sum, minimum and maximum of `value`; meaningless when ``values`` is 0.
        public var sum: ExactSum
        public var minimum: Double
        public var maximum: Double
    }

    /// Bytes held, approximately.
    var bytes: Int { codes.count * 12 + cells.count * MemoryLayout<Cell>.stride + 64 }

    /// Computes the roll-up of a run's column.
    ///
    /// - Complexity: O(rows + values · names of the segment).
    static func make(_ header: SegmentHeader, _ columns: RunColumns, column: Int) -> Rollup {
        let table = columns.columns[column].table
        var cells: [[Cell]] = Array(repeating: [], count: table.count)
        var scratch = [Cell](
            repeating: Cell(name: 0, events: 0, values: 0, sum: ExactSum(), minimum: .infinity, maximum: -.infinity),
            count: table.count)
        for (name, run) in header.names.enumerated() {
            var touched: [UInt32] = []
            for row in run.rows {
                let chunk = row / CodeChunk.rows
                let offset = row % CodeChunk.rows
                let code = columns.columns[column].chunks[chunk][offset]
                let value = header.hasValues ? columns.values[chunk][offset] : .nan
                for member in table.hasLists ? table.countedMembers(of: Int(code)) : [] {
                    add(value, to: member)
                }
                if !table.hasLists { add(value, to: code) }
            }
            for code in touched {
                var cell = scratch[Int(code)]
                cell.name = UInt32(name)
                cells[Int(code)].append(cell)
                scratch[Int(code)] = Cell(
                    name: 0, events: 0, values: 0, sum: ExactSum(), minimum: .infinity, maximum: -.infinity)
            }

            func add(_ value: Double, to code: UInt32) {
                let index = Int(code)
                if scratch[index].events == 0 { touched.append(code) }
                scratch[index].events += 1
                if !value.isNaN {
                    scratch[index].values += 1
                    scratch[index].sum.add(value)
                    scratch[index].minimum = min(scratch[index].minimum, value)
                    scratch[index].maximum = max(scratch[index].maximum, value)
                }
            }
        }
        let totals = cells.map { $0.reduce(0) { $0 + $1.events } }
        var rollup = Rollup()
        for code in cells.indices.filter({ totals[$0] > 0 }).sorted(by: { (totals[$1], $0) < (totals[$0], $1) }) {
            rollup.codes.append(UInt32(code))
            rollup.cells.append(contentsOf: cells[code])
            rollup.starts.append(rollup.cells.count)
        }
        return rollup
    }

    func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.varint(codes.count)
        for (entry, code) in codes.enumerated() {
            writer.varint(UInt64(code))
            writer.varint(starts[entry + 1] - starts[entry])
            for cell in cells[starts[entry]..<starts[entry + 1]] {
                writer.varint(UInt64(cell.name))
                writer.varint(cell.events)
                writer.varint(cell.values)
                if cell.values > 0 {
                    writer.fixed(UInt64(truncatingIfNeeded: cell.sum.millionths))
                    writer.fixed(Int64(truncatingIfNeeded: cell.sum.millionths >> 64))
                    writer.varint(cell.sum.partials.count)
                    for partial in cell.sum.partials { writer.f64(partial) }
                    writer.f64(cell.minimum)
                    writer.f64(cell.maximum)
                }
            }
        }
        return writer.bytes
    }

    init() {}

    init(decoding bytes: UnsafeRawBufferPointer, codes limit: Int, names: Int) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        for _ in 0..<(try reader.count(ofSize: 2)) {
            let code = try reader.varint()
            guard code < UInt64(limit) else { throw DecodingFault("holds a code out of range") }
            codes.append(UInt32(code))
            for _ in 0..<(try reader.bounded(names)) {
                let name = try reader.varint()
                guard name < UInt64(names) else { throw DecodingFault("holds a name out of range") }
                var cell = Cell(
                    name: UInt32(name), events: try reader.varint(), values: try reader.varint(), sum: ExactSum(),
                    minimum: .infinity, maximum: -.infinity)
                if cell.values > 0 {
                    let low = try reader.fixed(UInt64.self)
                    let high = try reader.fixed(Int64.self)
                    var partials: [Double] = []
                    for _ in 0..<(try reader.count(ofSize: 8)) { partials.append(try reader.f64()) }
                    cell.sum = ExactSum(millionths: Int128(high) << 64 | Int128(low), partials: partials)
                    cell.minimum = try reader.f64()
                    cell.maximum = try reader.f64()
                }
                cells.append(cell)
            }
            starts.append(cells.count)
        }
        try reader.end()
    }
}
