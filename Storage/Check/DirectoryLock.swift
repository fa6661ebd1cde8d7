#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Keeps other processes from opening a store for writing, without writing anything itself: a shared lock on the file
/// that RocksDB locks for itself.
struct DirectoryLock: ~Copyable {
    private let descriptor: CInt

    /// Takes the lock.
    ///
    /// A directory without the file (a backup, for example) has never been opened where it is, and gets no lock.
    /// - Returns: `nil` when a process has the store open for writing.
    init?(directory: String) {
        // Kept apart until it is decided: what `self` holds is closed also where this returns `nil`.
        let file = open(directory + "/LOCK", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            descriptor = -1
            return
        }
        var request = flock()
        request.l_type = Int16(F_RDLCK)
        request.l_whence = Int16(SEEK_SET)
        // Of the open file rather than of the process (`F_OFD_SETLK`): such a lock also stands against a store that this
        // very process has open.
        let setOpenFileLock: CInt = 37
        guard fcntl(file, setOpenFileLock, &request) == 0 else {
            // The file is not closed: closing it would end a lock that RocksDB holds on it in this process.
            return nil
        }
        descriptor = file
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
