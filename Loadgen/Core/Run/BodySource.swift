import NIOCore

/// The bytes of one request or datagram.
package struct Body: Sendable {
    /// Lines of JSON.
    package var bytes: ByteBuffer
    /// How many events they are.
    package var events: Int
    /// Where each line starts, if the events' times are to be set when the body is sent; else empty.
    package var lineStarts: [Int32]

    /// Puts the same time over every event's own.
    ///
    /// - Parameter time: As many bytes as a time of the generator has.
    package mutating func setTimes(_ time: [UInt8]) {
        for start in lineStarts {
            bytes.setBytes(time, at: bytes.readerIndex + Int(start) + ClickstreamGenerator.timeOffset)
        }
    }
}

/// Something that bodies are taken from, one after the other.
package protocol BodySource: Sendable {
    /// The next body, or nil at the end. May block on a file.
    mutating func nextBody() throws -> Body?
}

/// Bodies of generated events.
package struct GeneratedBodies: BodySource {
    private var generator: ClickstreamGenerator
    private let batch: Int
    private let byteLimit: Int
    private var buffer: [UInt8] = []
    private var remaining: Int

    /// Creates the source.
    ///
    /// - Parameters:
    ///   - options: The stream.
    ///   - batch: Events a body.
    ///   - byteLimit: No body gets longer than this.
    ///   - events: No more events than these are taken from the stream.
    package init(_ options: GeneratorOptions, batch: Int, byteLimit: Int = .max, events: Int? = nil)
        throws(GeneratorError)
    {
        generator = try ClickstreamGenerator(options)
        self.batch = batch
        self.byteLimit = max(byteLimit, generator.longestLine)
        remaining = events ?? .max
    }

    package mutating func nextBody() throws -> Body? {
        buffer.removeAll(keepingCapacity: true)
        var starts: [Int32] = []
        starts.reserveCapacity(batch)
        while starts.count < min(batch, remaining), buffer.count + generator.longestLine <= byteLimit {
            let start = Int32(buffer.count)
            guard generator.appendNext(into: &buffer) else { break }
            starts.append(start)
        }
        guard !starts.isEmpty else { return nil }
        remaining -= starts.count
        return Body(bytes: ByteBuffer(bytes: buffer), events: starts.count, lineStarts: starts)
    }
}

/// Bodies of the lines of a file, as they are.
///
/// The file is read in big blocks, and a body is a slice of its block: nothing is copied but the line that a block
/// cuts.
package struct FileBodies: BodySource {
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
            return Body(bytes: bytes, events: lines, lineStarts: [])
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
