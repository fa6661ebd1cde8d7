import Compression
import Glibc

/// A file or standard input, read in blocks and decompressed on the way.
///
/// How it is compressed is told from its first bytes, not from its name. It is confined to the queue that reads it.
final class InputFile {
    private static let blockSize = 256 * 1024

    /// The name as it was given, `-` for standard input.
    let name: String
    /// Bytes taken from disk so far, before decompression.
    private(set) var bytesRead = 0

    private let descriptor: Int32
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockSize, alignment: 16)
    /// What of the block has not been handed on.
    private var pending = 0..<0
    private var inflater: StreamingInflater?
    private var isAtEnd = false

    /// The size on disk of a file that is yet to be opened, `nil` where it is not known; an error if there is no file.
    static func size(of name: String) throws(ClientError) -> Int? {
        var status = stat()
        guard stat(name, &status) == 0 else {
            throw ClientError(.file, "\(Console.harmless(name)) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw ClientError(.file, "\(Console.harmless(name)) is a directory")
        }
        return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    /// Opens a file and looks at its first bytes.
    init(_ name: String) throws(ClientError) {
        self.name = name
        descriptor = name == "-" ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ClientError(.file, "\(Console.harmless(name)) cannot be opened: \(String(cString: strerror(errno)))")
        }
        try fill(atLeast: 4)
        let magic = [UInt8](block[pending].prefix(4))
        do {
            if magic.starts(with: [0x1f, 0x8b]) {
                inflater = try StreamingInflater(encoding: .gzip)
            } else if magic == [0x28, 0xb5, 0x2f, 0xfd] {
                inflater = try StreamingInflater(encoding: .zstd)
            }
        } catch {
            throw failure(error)
        }
    }

    deinit {
        if descriptor > STDERR_FILENO { close(descriptor) }
        block.deallocate()
    }

    /// Writes what comes next to the front of `output`; 0 only at the end.
    func read(into output: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int {
        guard let inflater else {
            if pending.isEmpty { return try readBlock(into: output) }
            let count = min(pending.count, output.count)
            output.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[pending.prefix(count)]))
            pending.removeFirst(count)
            return count
        }
        while true {
            if pending.isEmpty, !isAtEnd {
                pending = 0..<(try readBlock(into: block))
            }
            do {
                let step = try inflater.step(UnsafeRawBufferPointer(rebasing: block[pending]), into: output)
                pending.removeFirst(step.consumed)
                if step.produced > 0 { return step.produced }
                if pending.isEmpty, isAtEnd {
                    try inflater.finish()
                    return 0
                }
            } catch {
                throw failure(error)
            }
        }
    }

    private func failure(_ error: CompressionError) -> ClientError {
        ClientError(.file, "\(Console.harmless(name)) cannot be decompressed: \(error.detail)")
    }

    /// Reads into the empty block until it holds `count` bytes or the file ends.
    private func fill(atLeast count: Int) throws(ClientError) {
        while pending.count < count, !isAtEnd {
            let room = UnsafeMutableRawBufferPointer(rebasing: block[pending.upperBound...])
            pending = 0..<pending.upperBound + (try readBlock(into: room))
        }
    }

    private func readBlock(into output: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int {
        while true {
            let count = Glibc.read(descriptor, output.baseAddress, output.count)
            if count >= 0 {
                bytesRead += count
                isAtEnd = count == 0
                return count
            }
            guard errno == EINTR else {
                throw ClientError(
                    .file, "\(Console.harmless(name)) cannot be read: \(String(cString: strerror(errno)))")
            }
        }
    }
}

extension Range<Int> {
    fileprivate func prefix(_ count: Int) -> Range<Int> {
        lowerBound..<lowerBound + count
    }

    fileprivate mutating func removeFirst(_ count: Int) {
        self = lowerBound + count..<upperBound
    }
}

extension InputFile {
    /// Everything from here to the end, or an error when that is more than `limit` bytes.
    func readAll(limit: Int) throws(ClientError) -> [UInt8] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
        defer { room.deallocate() }
        var bytes: [UInt8] = []
        while true {
            let count = try read(into: room)
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else {
                throw ClientError(.file, "\(Console.harmless(name)) is larger than \(limit >> 20) MiB")
            }
            bytes.append(contentsOf: room[..<count])
        }
    }
}
