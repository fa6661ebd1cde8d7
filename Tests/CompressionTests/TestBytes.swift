import Compression

/// SplitMix64: small, seeded, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Bytes that compress somewhat: runs, repeats and noise.
func mixedBytes(count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    while bytes.count < count {
        switch generator.next() % 3 {
        case 0: bytes.append(contentsOf: repeatElement(UInt8(generator.next() % 256), count: 40))
        case 1: bytes.append(contentsOf: Array("{\"event\":\"page_view\",\"visitor\":\"".utf8))
        default: for _ in 0..<16 { bytes.append(UInt8(truncatingIfNeeded: generator.next())) }
        }
    }
    return Array(bytes[..<count])
}

/// The kind of error `body` throws, `nil` if it throws none.
func kind(of body: () throws(CompressionError) -> Void) -> CompressionError.Kind? {
    do {
        try body()
        return nil
    } catch {
        return error.kind
    }
}

/// Runs a streaming decoder over `bytes`, `inputSize` at a time, into an output of `outputSize`.
func stream(
    _ bytes: [UInt8], encoding: ContentEncoding, inputSize: Int, outputSize: Int
) throws(CompressionError) -> [UInt8] {
    let inflater = try StreamingInflater(encoding: encoding)
    var output: [UInt8] = []
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: outputSize, alignment: 1)
    defer { room.deallocate() }
    var position = 0
    while position < bytes.count {
        var piece = Array(bytes[position..<min(position + inputSize, bytes.count)])
        position += piece.count
        while true {
            let step = try piece.span.bytes.withUnsafeBytes { (raw) throws(CompressionError) in
                try inflater.step(raw, into: room)
            }
            output.append(contentsOf: room[..<step.produced])
            piece.removeFirst(step.consumed)
            if piece.isEmpty, step.produced < outputSize { break }
        }
    }
    try inflater.finish()
    return output
}
