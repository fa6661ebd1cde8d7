#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Why a file or directory could not be used: the system's words with the path they are about.
struct FileError: Error, CustomStringConvertible {
    let path: String
    let code: CInt

    /// Takes the error of the call before.
    init(_ path: String) {
        self.path = path
        code = errno
    }

    var description: String { "\(path): \(String(cString: strerror(code)))" }
}

/// The few operations on files and directories that copies of a store need, each durable when it returns.
enum FileTree {
    /// What a path leads to.
    enum Kind {
        case missing
        case directory
        case other
    }

    /// What a path leads to, symbolic links followed.
    static func kind(of path: String) -> Kind {
        var answer = stat()
        guard stat(path, &answer) == 0 else { return .missing }
        return answer.st_mode & S_IFMT == S_IFDIR ? .directory : .other
    }

    /// The names in a directory, without `.` and `..`, in byte order.
    static func names(in directory: String) throws(FileError) -> [String] {
        guard let stream = opendir(directory) else { throw FileError(directory) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw FileError(directory) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Makes a directory that only this user may enter.
    static func makeDirectory(_ path: String) throws(FileError) {
        guard mkdir(path, 0o700) == 0 else { throw FileError(path) }
    }

    /// Removes a directory with the files and directories in it; what cannot be removed stays.
    static func remove(_ directory: String) {
        for name in (try? names(in: directory)) ?? [] {
            let path = directory + "/" + name
            var answer = stat()
            if lstat(path, &answer) == 0, answer.st_mode & S_IFMT == S_IFDIR { remove(path) } else { unlink(path) }
        }
        rmdir(directory)
    }

    /// Makes the names in a directory durable.
    static func sync(_ directory: String) throws(FileError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(directory) }
    }

    /// Copies a file into one that does not exist yet, and makes its bytes durable.
    ///
    /// - Returns: bytes copied.
    static func copy(_ source: String, to target: String) throws(FileError) -> Int {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw FileError(source) }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw FileError(target) }
        defer { close(output) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var total = 0
        while true {
            let count = read(input, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(source) }
            if count == 0 { break }
            var written = 0
            while written < count {
                let step = write(output, buffer.baseAddress?.advanced(by: written), count - written)
                if step < 0, errno == EINTR { continue }
                guard step > 0 else { throw FileError(target) }
                written += step
            }
            total += count
        }
        guard fsync(output) == 0 else { throw FileError(target) }
        return total
    }

    /// Writes a small file; readers see the old one, or the new one whole.
    static func store(_ bytes: [UInt8], at path: String) throws(FileError) {
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(draft) }
        let isWritten = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) == $0.count }
        let failure = FileError(draft)
        close(descriptor)
        guard isWritten else {
            unlink(draft)
            throw failure
        }
        guard rename(draft, path) == 0 else { throw FileError(path) }
    }

    /// The first bytes of a file, `limit` at the most; `nil` if there is none that can be read.
    static func load(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// Bytes of the files right in a directory, by name; directories in it are left out.
    static func sizes(in directory: String) throws(FileError) -> [(name: String, bytes: Int)] {
        var sizes: [(name: String, bytes: Int)] = []
        for name in try names(in: directory) {
            var answer = stat()
            // A file that has been deleted meanwhile has no size any more.
            guard stat(directory + "/" + name, &answer) == 0, answer.st_mode & S_IFMT == S_IFREG else { continue }
            sizes.append((name, Int(answer.st_size)))
        }
        return sizes
    }
}
