#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Decides which datagrams may stand in one body together.
///
/// Joining datagrams saves work, but must not change what becomes of any of them. A datagram joins its neighbours only
/// when each of its lines begins an object of its own; an array, or an object spread over several lines, is read alone,
/// and a broken one of those costs nobody but itself.
package enum DatagramRuns {
    /// Whether every line of `datagram` that is not blank begins with `{`.
    ///
    /// - Complexity: O(bytes), most of it in `memchr`; no allocation.
    package static func canJoin(_ datagram: UnsafeRawBufferPointer) -> Bool {
        guard let start = datagram.baseAddress else { return true }
        let end = start + datagram.count
        var line = start
        while line < end {
            var first = line
            while first < end, isSpace(first.load(as: UInt8.self)) { first += 1 }
            guard first < end else { return true }
            let byte = first.load(as: UInt8.self)
            if byte != 0x0A, byte != 0x7B { return false }
            guard let feed = memchr(first, 0x0A, end - first) else { return true }
            line = UnsafeRawPointer(feed) + 1
        }
        return true
    }

    /// Whether there is nothing in the datagram but white space.
    package static func isBlank(_ datagram: UnsafeRawBufferPointer) -> Bool {
        for byte in datagram where !isSpace(byte) && byte != 0x0A { return false }
        return true
    }

    /// White space within a line.
    @inline(__always)
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
