import Events
import Storage

/// A measure within one segment.
struct SegmentMeasure {
    private let dimension: SegmentDimension?
    private let numberOfCode: [Double]

    init(_ measure: Measure, of segment: Segment, hash: EventHash) throws(QueryError) {
        guard case .property(let name) = measure else {
            dimension = nil
            numberOfCode = []
            return
        }
        let dimension = try SegmentDimension(.property(name), of: segment, hash: hash)
        self.dimension = dimension
        numberOfCode = (0..<dimension.count).map { code in
            guard code != 0, dimension.table.kind(of: code) != .list else { return .nan }
            return dimension.table.withBytes(of: code) { NumberText.parse($0) } ?? .nan
        }
    }

    /// Reads the numbers of a piece's rows, NaN for none. Returns `false` if none has one.
    func read(_ piece: Piece, segment: Segment, into numbers: inout [Double]) throws(QueryError) -> Bool {
        if let dimension {
            if case .absent = dimension.kind { return false }
            try dimension.map(numberOfCode, segment: segment, piece: piece, into: &numbers)
            return true
        }
        guard let values = try stored({ () throws(StorageError) in try segment.values(chunk: piece.chunk) }) else {
            return false
        }
        numbers = Array(values[piece.range])
        return true
    }
}
