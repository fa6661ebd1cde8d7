import NIOCore

/// Some lines of a file.
package struct Body: Sendable {
    /// The lines, as they are.
    package var bytes: ByteBuffer
    /// How many of them are not empty.
    package var events: Int
}

/// Bodies of the lines of a file, as they are.
///
/// The file is read in big blocks, and a body is a slice of its block: nothing is copied but the line that a block
/// cuts.
package struct FileBodies: Sendable {
    private let file: SystemFile
    private let batch: Int
    private let byteLimit: Int
    private let blockSize: Int
    private var block = ByteBuffer()
    private var remaining: Int
    private var reachedEnd = false

    /// Creates the source.
    ///
    /// - Parameters:
    ///   - file: NDJSON.
    ///   - batch: Lines a body.
    ///   - byteLimit: No body gets longer than this, unless a single line is.
    ///   - events: No more lines than these are taken.
    ///   - blockSize: How much is read at once, in bytes.
    package init(_ file: SystemFile, batch: Int, byteLimit: Int = .max, events: Int? = nil, blockSize: Int = 4 << 20) {
        self.file = file
        self.batch = batch
        self.byteLimit = byteLimit
        self.blockSize = blockSize
        remaining = events ?? .max
    }

    /// The next body, or nil at the end. May block on the file.
    package mutating func nextBody() throws -> Body? {
        guard remaining > 0 else { return nil }
        let wanted = min(batch, remaining)
        // What has been scanned of the next body: whole lines and their bytes.
        var lines = 0
        var length = 0
        while true {
            let isFull = scan(wanted: wanted, lines: &lines, length: &length)
            if !isFull, !reachedEnd {
                try fill()
                continue
            }
            if !isFull, block.readableBytes > length, lines == 0 || block.readableBytes <= byteLimit {
                // The last line has no newline.
                lines += 1
                length = block.readableBytes
            }
            guard length > 0, let bytes = block.readSlice(length: length) else { return nil }
            // A stretch of nothing but empty lines is not worth a request.
            guard lines > 0 else { return try nextBody() }
            remaining -= lines
            return Body(bytes: bytes, events: lines)
        }
    }

    /// Takes whole lines of the block into the body until it is full.
    ///
    /// - Returns: Whether the body is full: it has its lines, or the next one would be too much.
    private func scan(wanted: Int, lines: inout Int, length: inout Int) -> Bool {
        block.withUnsafeReadableBytes { bytes in
            while lines < wanted {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[length...])
                guard let newline = indexOfNewline(in: rest) else { return lines > 0 && bytes.count > byteLimit }
                guard lines == 0 || length + newline + 1 <= byteLimit else { return true }
                length += newline + 1
                // An empty line is no event.
                if newline > 0 { lines += 1 }
            }
            return true
        }
    }

    /// Reads the next block behind what is left of the last one.
    private mutating func fill() throws {
        let left = block.readableBytes
        // A new buffer, since bodies that are under way hold on to the old one. It grows with a line longer than a
        // block.
        var next = ByteBufferAllocator().buffer(capacity: left + max(blockSize, left))
        next.writeBuffer(&block)
        var outcome: Result<Int, FileError> = .success(0)
        next.writeWithUnsafeMutableBytes(minimumWritableBytes: blockSize) { space in
            outcome = file.read(into: space)
            return (try? outcome.get()) ?? 0
        }
        block = next
        if try outcome.get() == 0 { reachedEnd = true }
    }
}
