import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Says how much room a file system has, so that tests can fill a disk without having one.
public protocol DiskProbe: Sendable {
    /// Bytes this process may still write below `directory`, and bytes of the whole file system; `nil` if the system
    /// does not say.
    func space(of directory: String) -> (free: Int, total: Int)?
}

/// The system's own answer (`statvfs`).
public struct SystemDisk: DiskProbe {
    /// Creates it.
    public init() {}

    public func space(of directory: String) -> (free: Int, total: Int)? {
        var answer = statvfs()
        guard statvfs(directory, &answer) == 0 else { return nil }
        // Some file systems leave the fragment size out. Their figures are the system's, but not to be trusted blindly.
        let unit = answer.f_frsize == 0 ? answer.f_bsize : answer.f_frsize
        return (bytes(UInt(answer.f_bavail), of: UInt(unit)), bytes(UInt(answer.f_blocks), of: UInt(unit)))
    }

    private func bytes(_ count: UInt, of unit: UInt) -> Int {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow ? .max : Int(clamping: product)
    }
}

/// The room that is left on a store's disk, and what may still be written there.
///
/// Events are refused before the disk is full: below the reserve nothing is committed, so that RocksDB can still flush
/// what it holds and sealing can still turn log rows into (smaller) segments. When space returns, so does ingest.
public final class DiskSpace: Sendable {
    /// The reserve where none is set: this many bytes, or a twentieth of the disk if that is less.
    public static let defaultReserve = 256 << 20

    /// What wants to be written.
    public enum Purpose: Sendable {
        /// A seal. It may use the reserve, since it deletes the log rows it is made from.
        case seal
        /// A compaction. It leaves the reserve alone: nothing is lost if it waits.
        case compaction
    }

    private struct State {
        var free: Int?
        var reserve = 0
        var readAt: ContinuousClock.Instant?
        /// Whether commits are being refused; logged once, when it begins.
        var isFull = false
        var refused = 0
    }

    private let directory: String
    private let probe: any DiskProbe
    private let wantedReserve: Int?
    private let interval: Duration
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - reserve: bytes to keep free; `nil` for ``defaultReserve`` or a twentieth of the disk, 0 for none.
    ///   - interval: how old a figure may get.
    public init(
        directory: String, reserve: Int?, probe: any DiskProbe = SystemDisk(),
        interval: Duration = .milliseconds(100), logger: Logger
    ) {
        self.directory = directory
        self.probe = probe
        wantedReserve = reserve
        self.interval = interval
        self.logger = logger
    }

    /// Bytes free, not older than the interval; `nil` if the system does not say.
    public var free: Int? { state.withLock { refresh(&$0).free } }

    /// Bytes kept free.
    public var reserve: Int { state.withLock { refresh(&$0).reserve } }

    /// Whether commits are refused for want of space.
    public var isFull: Bool { state.withLock { refresh(&$0).isFull } }

    /// How many commits were refused.
    public var refusals: Int { state.withLock { $0.refused } }

    /// Throws while there is less than the reserve; where the system does not say, nothing is refused.
    ///
    /// - Throws: ``StorageError/diskFull(free:reserve:)``.
    func requireReserve() throws(StorageError) {
        let (isFull, free, reserve) = state.withLock { state in
            refresh(&state)
            if state.isFull { state.refused += 1 }
            return (state.isFull, state.free, state.reserve)
        }
        if isFull { throw .diskFull(free: free ?? 0, reserve: reserve) }
    }

    /// Whether that much can be written now.
    ///
    /// Counts it twice, since what RocksDB writes stands first in its log and then in a file; and reads the space
    /// afresh, since it is asked rarely and for much.
    /// - Parameter bytes: of the blocks to be written.
    public func canFit(bytes: Int, for purpose: Purpose) -> Bool {
        let (free, reserve) = state.withLock { state in
            state.readAt = nil
            refresh(&state)
            return (state.free, state.reserve)
        }
        guard let free else { return true }
        let (twice, overflow) = bytes.multipliedReportingOverflow(by: 2)
        guard !overflow else { return false }
        switch purpose {
        case .seal: return free >= twice
        case .compaction: return free - reserve >= twice
        }
    }

    @discardableResult
    private func refresh(_ state: inout State) -> State {
        let now = ContinuousClock.now
        if let readAt = state.readAt, now - readAt < interval { return state }
        state.readAt = now
        let answer = probe.space(of: directory)
        state.free = answer?.free
        state.reserve = wantedReserve ?? answer.map { min(Self.defaultReserve, $0.total / 20) } ?? 0
        let wasFull = state.isFull
        // An eighth more than the reserve ends it, so that it does not end and begin again with every file deleted.
        state.isFull = answer.map { $0.free < state.reserve + (wasFull ? state.reserve / 8 : 0) } ?? false
        guard state.isFull != wasFull else { return state }
        let figures: Logger.Metadata = ["free": "\(state.free ?? 0)", "reserve": "\(state.reserve)"]
        if state.isFull {
            logger.error("The disk is almost full: events are refused until there is space.", metadata: figures)
        } else {
            logger.notice("There is space on the disk again: events are taken.", metadata: figures)
        }
        return state
    }
}
