/// Decides which datagrams may stand in one body together.
///
/// Joining datagrams saves work, but must not change what becomes of any of them. A datagram joins its neighbours only
/// when each of its lines begins an object of its own; an array, or an object spread over several lines, is read alone,
/// and a broken one of those costs nobody but itself.
package enum DatagramRuns {
    /// Whether every line of `datagram` that is not blank begins with `{`.
    ///
    /// - Complexity: O(bytes), no allocation.
    package static func canJoin(_ datagram: UnsafeRawBufferPointer) -> Bool {
        var atLineStart = true
        for byte in datagram {
            switch byte {
            case 0x0A: atLineStart = true
            case 0x20, 0x09, 0x0D: continue
            case 0x7B: atLineStart = false
            default: if atLineStart { return false }
            }
        }
        return true
    }

    /// Whether there is nothing in the datagram but white space.
    package static func isBlank(_ datagram: UnsafeRawBufferPointer) -> Bool {
        datagram.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }
}
