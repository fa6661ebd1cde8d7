import Events
import Storage

/// The values of one dimension, numbered across the segments of a query: what paths and pages are counted by, without
/// a text in sight until the answer is written.
///
/// Number 0 is the missing value. An event with several values has the first of them, as it was sent.
///
/// - Complexity: to make, O(distinct values) a segment.
struct ValueNumbers: Sendable {
    private var index = HashIndex()
    private var places: [GroupTable.Place] = []
    private let dimensions: [SegmentDimension?]
    /// For each segment that is read, the number of each code.
    private let numbers: [[UInt32]]

    /// - Parameter isRead: for each segment whether its values are asked for.
    /// - Throws: `memory_limit` when there are more than ``QueryMemory/maxGroups`` values.
    init(_ dimension: Dimension, of execution: Execution, isRead: [Bool]) throws(QueryError) {
        var index = HashIndex()
        var places = [GroupTable.Place(segment: 0, code: 0)]
        var dimensions: [SegmentDimension?] = []
        var numbers: [[UInt32]] = []
        // The hash of the missing value is 0.
        _ = index.insert(0)
        for (position, segment) in execution.segments.enumerated() {
            guard isRead[position] else {
                dimensions.append(nil)
                numbers.append([])
                continue
            }
            try execution.check()
            let values = try SegmentDimension(dimension, of: segment, hash: execution.hash)
            let table = values.table
            var ofCodes = [UInt32](repeating: 0, count: table.count)
            for code in 1..<max(1, table.count) {
                if code % 4096 == 0 { try QueryMemory.checkGroups(index.count) }
                let first = table.kinds[code] == ValueKind.list.rawValue ? table.members(of: code).first : nil
                let value = first ?? UInt32(code)
                let number = index.insert(table.hashes[Int(value)])
                if Int(number) == places.count {
                    places.append(GroupTable.Place(segment: UInt32(position), code: value))
                }
                ofCodes[code] = number
            }
            try QueryMemory.checkGroups(index.count)
            dimensions.append(values)
            numbers.append(ofCodes)
        }
        try execution.memory.hold(index.bytes + places.capacity * 8 + numbers.reduce(0) { $0 + $1.capacity * 4 })
        self.index = index
        self.places = places
        self.dimensions = dimensions
        self.numbers = numbers
    }

    /// How many values there are, the missing one among them.
    var count: Int { places.count }

    /// Reads the numbers of a piece's rows.
    func read(_ piece: Piece, segment: Segment, index: Int, into output: inout [UInt32]) throws(QueryError) {
        try dimensions[index]?.map(numbers[index], segment: segment, piece: piece, into: &output)
    }

    /// A value's text; `nil` for the missing value.
    func text(_ number: UInt32) -> String? {
        let place = places[Int(number)]
        return dimensions[Int(place.segment)]?.table.text(of: Int(place.code))
    }

    /// Whether a value stands before another one: by bytes, the missing value first.
    func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        if left == right || right == 0 { return false }
        if left == 0 { return true }
        return withBytes(left) { left in withBytes(right) { right in left.lexicographicallyPrecedes(right) } }
    }

    private func withBytes<R>(_ number: UInt32, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let place = places[Int(number)]
        guard let table = dimensions[Int(place.segment)]?.table else {
            return body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return table.withBytes(of: Int(place.code), body)
    }
}
