#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Where the server is that has a store open: a file in the store's directory, for commands that must ask it.
public struct ServerFile: Sendable, Equatable {
    /// Its name in the directory.
    public static let name = "SERVER"

    /// Where it answers HTTP: `127.0.0.1:8080`.
    public var http: String
    /// The process.
    public var process: Int32

    /// Creates a value.
    public init(http: String, process: Int32) {
        self.http = http
        self.process = process
    }

    /// Writes the file; readers see it whole or not at all.
    ///
    /// - Throws: ``StorageError/unusable(_:)``.
    public func write(into directory: String) throws(StorageError) {
        do throws(FileError) {
            try FileTree.store(Array("\(http)\n\(process)\n".utf8), at: directory + "/" + Self.name)
        } catch {
            throw .unusable(error.description)
        }
    }

    /// Removes the file, if it is this process's own.
    public func remove(from directory: String) {
        guard Self.read(directory) == self else { return }
        unlink(directory + "/" + Self.name)
    }

    /// What the file says, whoever wrote it.
    public static func read(_ directory: String) -> ServerFile? {
        guard let bytes = FileTree.load(directory + "/" + name, limit: 512) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, let process = Int32(lines[1]), !lines[0].isEmpty else { return nil }
        return ServerFile(http: String(lines[0]), process: process)
    }

    /// Who has a store open for writing.
    public enum Holder: Sendable, Equatable {
        /// Nobody.
        case none
        /// A server, which can be asked.
        case server(ServerFile)
        /// A process that has not said where it can be asked: a server that is starting or stopping.
        case process(Int32)
    }

    /// Who has a store open for writing: whoever holds RocksDB's lock. A file that another process has left behind is
    /// not believed.
    public static func holder(of directory: String) -> Holder {
        let descriptor = open(directory + "/LOCK", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .none }
        var request = flock()
        request.l_type = Int16(F_RDLCK)
        request.l_whence = Int16(SEEK_SET)
        // As of an open file rather than of this process (`F_OFD_GETLK`), so that this process's own lock shows too.
        let getOpenFileLock: CInt = 36
        let isKnown = fcntl(descriptor, getOpenFileLock, &request) == 0
        // Closing the file would end a lock that this very process has on it.
        if !isKnown || request.l_type == Int16(F_UNLCK) || request.l_pid != getpid() { close(descriptor) }
        guard isKnown, request.l_type != Int16(F_UNLCK) else { return .none }
        if let file = read(directory), file.process == request.l_pid { return .server(file) }
        return .process(request.l_pid)
    }
}
