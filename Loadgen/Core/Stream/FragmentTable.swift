/// Ready-made pieces of JSON, one after the other in one block of bytes, addressed by index.
///
/// A line of the stream is put together from such pieces, so that no event needs a String or an allocation.
struct FragmentTable: Sendable {
    private let bytes: [UInt8]
    private let ends: [Int32]

    /// Creates a table with one piece a string; the pieces are copied as they are, so quotes must be escaped already.
    init(_ pieces: [String]) {
        var bytes: [UInt8] = []
        var ends: [Int32] = []
        ends.reserveCapacity(pieces.count)
        for piece in pieces {
            bytes.append(contentsOf: piece.utf8)
            ends.append(Int32(bytes.count))
        }
        self.bytes = bytes
        self.ends = ends
    }

    /// How many pieces there are.
    var count: Int { ends.count }

    /// The length of the longest piece in bytes.
    var longest: Int {
        var start: Int32 = 0
        var longest: Int32 = 0
        for end in ends {
            longest = max(longest, end - start)
            start = end
        }
        return Int(longest)
    }

    /// Calls the body with the bytes of one piece.
    @inline(__always)
    func withBytes(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let start = index == 0 ? 0 : Int(ends[index - 1])
        let end = Int(ends[index])
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    }
}
