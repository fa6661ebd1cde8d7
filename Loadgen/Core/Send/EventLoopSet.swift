import LoadgenSystem

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Sole owner of an epoll instance.
struct EventLoopSet: ~Copyable {
    private let descriptor: CInt
    private var events = [loadgen_event](repeating: loadgen_event(), count: 256)

    /// - Throws: ``RunError`` where the system gives none.
    init() throws(RunError) {
        descriptor = loadgen_epoll_create()
        guard descriptor >= 0 else { throw .system(reason: systemMessage(errno)) }
    }

    deinit { close(descriptor) }

    /// Adds a connection.
    func add(_ connection: CInt, token: Int) -> Bool {
        loadgen_epoll_add(descriptor, connection, UInt64(token)) == 0
    }

    /// Waits.
    ///
    /// - Parameter nanoseconds: At most; 0 not at all, less for ever.
    /// - Returns: How many events there are.
    mutating func wait(nanoseconds: Int64) -> Int {
        max(0, Int(loadgen_epoll_wait(descriptor, &events, CInt(events.count), nanoseconds)))
    }

    /// The token and the flags of an event of the last wait.
    subscript(_ index: Int) -> (token: Int, flags: UInt32) { (Int(events[index].token), events[index].flags) }
}
