#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An open file descriptor, closed when the last reference goes, and read or written in big blocks.
public final class SystemFile: Sendable {
    private let descriptor: Int32
    private let ownsDescriptor: Bool
    private let path: String

    private init(descriptor: Int32, ownsDescriptor: Bool, path: String) {
        self.descriptor = descriptor
        self.ownsDescriptor = ownsDescriptor
        self.path = path
    }

    deinit {
        if ownsDescriptor { _ = close(descriptor) }
    }

    /// Opens a file for reading; `-` is standard input.
    ///
    /// - Throws: ``FileError`` with the system's reason.
    public static func reading(_ path: String) throws(FileError) -> SystemFile {
        if path == "-" { return SystemFile(descriptor: 0, ownsDescriptor: false, path: path) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        return SystemFile(descriptor: descriptor, ownsDescriptor: true, path: path)
    }

    /// Creates or empties a file for writing; `-` is standard output.
    ///
    /// - Throws: ``FileError`` with the system's reason.
    public static func writing(_ path: String) throws(FileError) -> SystemFile {
        if path == "-" { return SystemFile(descriptor: 1, ownsDescriptor: false, path: path) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        return SystemFile(descriptor: descriptor, ownsDescriptor: true, path: path)
    }

    /// Reads up to a block's size.
    ///
    /// - Returns: The number of bytes read, 0 at the end of the file.
    func read(into block: UnsafeMutableRawBufferPointer) -> Result<Int, FileError> {
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, block.baseAddress, block.count)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, block.baseAddress, block.count)
            #else
                let count = Darwin.read(descriptor, block.baseAddress, block.count)
            #endif
            if count >= 0 { return .success(count) }
            guard errno == EINTR else { return .failure(FileError(path: path, code: errno)) }
        }
    }

    /// Writes all bytes.
    ///
    /// - Throws: ``FileError`` with the system's reason.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                #if canImport(Glibc)
                    return Glibc.write(descriptor, rest.baseAddress, rest.count)
                #elseif canImport(Musl)
                    return Musl.write(descriptor, rest.baseAddress, rest.count)
                #else
                    return Darwin.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if count > 0 {
                written += count
            } else if count < 0, errno != EINTR {
                throw FileError(path: path, code: errno)
            }
        }
    }
}

/// What the system said when a file could not be opened, read or written.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// The system's reason in words.
    public let reason: String

    init(path: String, code: Int32) {
        self.path = path
        reason = systemMessage(code)
    }

    /// A sentence for people.
    public var description: String { "\(path): \(reason)" }
}

/// The system's words for an error number.
func systemMessage(_ code: Int32) -> String {
    String(cString: strerror(code))
}

/// Finds the next newline.
///
/// - Returns: Its distance from the start of the bytes, or nil.
@inline(__always)
func indexOfNewline(in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress, let found = memchr(base, 10, bytes.count) else { return nil }
    return UnsafeRawPointer(found) - base
}

/// The wall clock in Unix milliseconds.
func wallClockMilliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}
