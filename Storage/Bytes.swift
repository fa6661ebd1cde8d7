extension Array where Element == UInt8 {
    /// The bytes as a raw buffer, valid during the call only; unlike `withUnsafeBytes`, with typed throws.
    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try withUnsafeBufferPointer { (buffer) throws(E) -> R in try body(UnsafeRawBufferPointer(buffer)) }
    }
}
