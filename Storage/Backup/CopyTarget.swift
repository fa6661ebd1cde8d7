#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Why a store could not be backed up or restored. Nothing that looks like a store was left behind.
public enum BackupError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The target exists and is not an empty directory.
    case targetExists(String)
    /// The target cannot be what it is to be; says why.
    case targetUnusable(String)
    /// A backup of this store is being made already.
    case running
    /// What was to be copied is damaged; says how much and what first.
    case damaged(String)
    /// The store or a disk failed.
    case failed(String)

    public var description: String {
        switch self {
        case .targetExists(let path):
            "\(path) exists and is not an empty directory. Nothing was changed; choose another one."
        case .targetUnusable(let reason), .failed(let reason), .damaged(let reason): reason
        case .running: "A backup of this store is being made already; wait until it is done."
        }
    }
}

/// A directory that comes into being complete or not at all: it is filled under another name beside where it belongs.
struct CopyTarget: ~Copyable {
    /// Where it will be.
    let path: String
    /// Where it is filled: does not exist yet, in a directory only this user may enter.
    var staging: String { room + "/store" }

    private let room: String
    private let parent: String

    /// Looks at the target and makes room beside it.
    ///
    /// - Parameter path: absolute; must be missing or an empty directory, in a directory that exists.
    init(_ path: String) throws(BackupError) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard path.hasPrefix("/"), path != "/" else {
            throw .targetUnusable("The target must be the absolute path of a directory, not \"\(path)\".")
        }
        let end = path.lastIndex(of: "/") ?? path.startIndex
        let parent = end == path.startIndex ? "/" : String(path[..<end])
        guard path[path.index(after: end)...] != "..", path[path.index(after: end)...] != "." else {
            throw .targetUnusable("The target must be the absolute path of a directory, not \"\(path)\".")
        }
        try Self.requireFree(path)
        guard FileTree.kind(of: parent) == .directory else {
            throw .targetUnusable("There is no directory \(parent); make it first, or choose another target.")
        }
        guard access(parent + "/CURRENT", F_OK) != 0 else {
            throw .targetUnusable("\(parent) is a store; the target must be outside of it.")
        }
        let room =
            (parent == "/" ? "" : parent) + "/.weir-copy-" + String(UInt64.random(in: .min ... .max), radix: 16)
        do throws(FileError) {
            try FileTree.makeDirectory(room)
        } catch {
            throw .targetUnusable("Nothing can be written into \(parent): \(String(cString: strerror(error.code))).")
        }
        self.path = path
        self.parent = parent
        self.room = room
    }

    /// Puts the filled directory where it belongs, durably.
    ///
    /// - Throws: ``BackupError``; the target is then as it was.
    consuming func finish() throws(BackupError) {
        do throws(FileError) {
            guard chmod(staging, 0o700) == 0 else { throw FileError(staging) }
            try FileTree.sync(staging)
            // Takes the place of an empty directory, and of nothing else.
            guard rename(staging, path) == 0 else { throw FileError(path) }
            try FileTree.sync(parent)
        } catch {
            try Self.requireFree(path)
            throw .failed("The copy could not be put in its place: \(error).")
        }
    }

    deinit { FileTree.remove(room) }

    /// What is found out here is found out before anything long is begun.
    private static func requireFree(_ path: String) throws(BackupError) {
        var answer = stat()
        guard lstat(path, &answer) == 0 else {
            // The name may be too long, or something on the way to it no directory.
            if errno != ENOENT { throw .targetUnusable("The target cannot be used: \(FileError(path)).") }
            return
        }
        switch answer.st_mode & S_IFMT {
        case S_IFDIR:
            guard let names = try? FileTree.names(in: path) else {
                throw .targetUnusable("\(path) exists and cannot be read.")
            }
            if !names.isEmpty { throw .targetExists(path) }
        case S_IFLNK:
            throw .targetUnusable("\(path) is a symbolic link; name the directory itself.")
        default: throw .targetExists(path)
        }
    }
}
