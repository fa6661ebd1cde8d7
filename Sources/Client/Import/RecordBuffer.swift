/// A window over a file that grows until a whole record lies in it.
///
/// It is confined to the queue that reads it.
final class RecordBuffer {
    /// The longest record, in bytes.
    static let recordLimit = 16 << 20
    private static let initialSize = 512 * 1024

    /// The file underneath.
    let file: InputFile
    /// Whether nothing follows what is there.
    private(set) var isAtEnd = false
    private var storage = UnsafeMutableRawBufferPointer.allocate(byteCount: initialSize, alignment: 16)
    private var unread = 0..<0

    init(_ file: InputFile) {
        self.file = file
    }

    deinit {
        storage.deallocate()
    }

    /// What has been read and not consumed; valid until the next call of ``refill(line:)``.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: storage[unread])
    }

    /// Gives up the first `count` bytes.
    func consume(_ count: Int) {
        unread = unread.lowerBound + count..<unread.upperBound
    }

    /// Reads more behind what is there, or finds the end.
    ///
    /// - Parameter line: where the unfinished record begins, for the error when it grows past the limit.
    func refill(line: Int) throws(ClientError) {
        if unread.lowerBound > 0 {
            storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[unread]))
            unread = 0..<unread.count
        }
        if unread.count == storage.count {
            guard storage.count < Self.recordLimit else {
                throw ClientError(
                    .file,
                    "\(Console.harmless(file.name)), line \(line): a record of more than "
                        + "\(Self.recordLimit >> 20) MiB; is a quote left open?")
            }
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: min(storage.count * 2, Self.recordLimit), alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(storage))
            storage.deallocate()
            storage = larger
        }
        let room = UnsafeMutableRawBufferPointer(rebasing: storage[unread.upperBound...])
        let count = try file.read(into: room)
        if count == 0 { isAtEnd = true }
        unread = unread.lowerBound..<unread.upperBound + count
    }
}
