import CLinux

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Sole owner of an epoll instance and of the memory its events are handed over in (`epoll_create1`, `epoll_wait`).
struct EpollSet: ~Copyable {
    /// Events taken at once.
    static let batch = 512

    /// Something that happened to a descriptor.
    struct Event {
        /// What the descriptor was added with.
        var token: UInt64
        private var flags: UInt32

        fileprivate init(_ event: epoll_event) {
            token = event.data.u64
            flags = event.events
        }

        /// Whether there is something to read, be it the end or an error.
        var isReadable: Bool {
            flags & (UInt32(WEIR_EPOLL_IN) | UInt32(WEIR_EPOLL_RDHUP) | UInt32(WEIR_EPOLL_HUP) | UInt32(WEIR_EPOLL_ERR))
                != 0
        }

        /// Whether there is room to write.
        var isWritable: Bool { flags & UInt32(WEIR_EPOLL_OUT) != 0 }

        /// Whether the client has closed its side, at least.
        var isEnding: Bool { isOver || flags & UInt32(WEIR_EPOLL_RDHUP) != 0 }

        /// Whether the connection is over in both directions.
        var isOver: Bool { flags & (UInt32(WEIR_EPOLL_HUP) | UInt32(WEIR_EPOLL_ERR)) != 0 }
    }

    private let descriptor: CInt
    private let events: UnsafeMutablePointer<epoll_event>

    /// - Throws: ``ServerStartError`` where the system gives no instance.
    init() throws(ServerStartError) {
        descriptor = weir_epoll_create()
        guard descriptor >= 0 else {
            throw ServerStartError("cannot wait for connections: \(String(cString: strerror(errno)))")
        }
        events = .allocate(capacity: Self.batch)
        events.initialize(repeating: epoll_event(), count: Self.batch)
    }

    deinit {
        events.deallocate()
        close(descriptor)
    }

    /// Adds a connection: an event each time there is more to read or room to write again.
    func add(connection: CInt, token: UInt64) -> Bool {
        let interest = UInt32(WEIR_EPOLL_IN) | UInt32(WEIR_EPOLL_OUT) | UInt32(WEIR_EPOLL_RDHUP)
        return weir_epoll_add_edge(descriptor, connection, interest, token) == 0
    }

    /// Adds a listening socket that other sets may wait for as well: one of them is woken.
    func add(listening: CInt, token: UInt64) -> Bool {
        weir_epoll_add_exclusive(descriptor, listening, UInt32(WEIR_EPOLL_IN), token) == 0
    }

    /// Adds the descriptor of a ``Wakeup``.
    func add(wakeup: CInt, token: UInt64) -> Bool {
        weir_epoll_add(descriptor, wakeup, UInt32(WEIR_EPOLL_IN), token) == 0
    }

    /// Takes a descriptor out that is not to be closed yet.
    func remove(_ other: CInt) {
        _ = weir_epoll_remove(descriptor, other)
    }

    /// Waits for events.
    ///
    /// - Parameter milliseconds: at most; -1 for ever, 0 not at all.
    /// - Returns: how many there are; 0 after the time, or when a signal came.
    func wait(milliseconds: CInt) -> Int {
        max(0, Int(epoll_wait(descriptor, events, CInt(Self.batch), milliseconds)))
    }

    /// An event of the last wait.
    subscript(_ index: Int) -> Event {
        precondition(index >= 0 && index < Self.batch)
        return Event(events[index])
    }
}

/// Wakes a thread that waits in an ``EpollSet`` (`eventfd`).
final class Wakeup: Sendable {
    let descriptor: CInt

    init() throws(ServerStartError) {
        descriptor = weir_eventfd()
        guard descriptor >= 0 else {
            throw ServerStartError("cannot wait for commits: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Wakes the thread, now or at its next wait.
    func signal() {
        eventfd_write(descriptor, 1)
    }

    /// Makes it wait again.
    func reset() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}
