import CSimdjson

/// The one owner of a simdjson parser and the memory it works on.
struct JSONParser: ~Copyable {
    private let handle: OpaquePointer
    /// The tape of the last document that was parsed; its memory stays where it is, its content changes.
    let tape: JSONTape

    /// Creates a parser. Its memory, about 14 bytes a byte of capacity, is touched only as far as documents need it.
    ///
    /// - Parameters:
    ///   - capacity: the longest document in bytes.
    ///   - maxDepth: how deep arrays and objects may nest.
    init(capacity: Int, maxDepth: Int) {
        guard let handle = weir_json_create(capacity, maxDepth), let words = weir_json_tape(handle),
            let strings = weir_json_strings(handle)
        else { preconditionFailure("No memory for a JSON parser of \(capacity) bytes.") }
        self.handle = handle
        tape = JSONTape(words: words, strings: UnsafeRawPointer(strings))
    }

    deinit {
        weir_json_destroy(handle)
    }

    /// Parses one document.
    ///
    /// - Parameter bytes: with 64 more readable bytes behind them.
    /// - Returns: whether this is a document the parser can take; only then the tape may be read.
    @inline(__always)
    borrowing func parse(_ bytes: UnsafeRawBufferPointer) -> Bool {
        weir_json_parse(handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count) == 0
    }
}

/// A parsed document as simdjson leaves it: a flat array of words, each with its type in the top byte.
///
/// Word 0 is the root, word 1 the document's value. An array's or object's word carries the index behind its end, so
/// that skipping a value is one load; keys and values of an object alternate.
struct JSONTape {
    /// The tape. Every index below comes from walking it from ``first``, and simdjson validated the document.
    let words: UnsafePointer<UInt64>
    /// Length-prefixed strings, to which string words are offsets.
    let strings: UnsafeRawPointer

    /// Index of the document's value.
    static let first = 1

    enum Kind {
        static let string = UInt8(ascii: "\"")
        static let int = UInt8(ascii: "l")
        static let uint = UInt8(ascii: "u")
        static let double = UInt8(ascii: "d")
        static let yes = UInt8(ascii: "t")
        static let no = UInt8(ascii: "f")
        static let null = UInt8(ascii: "n")
        static let array = UInt8(ascii: "[")
        static let object = UInt8(ascii: "{")
    }

    /// Type of a value.
    @inline(__always)
    func kind(_ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: words[index] &>> 56)
    }

    /// Index behind a value.
    @inline(__always)
    func next(_ index: Int) -> Int {
        switch kind(index) {
        case Kind.array, Kind.object: Int(truncatingIfNeeded: words[index] & 0xFFFF_FFFF)
        case Kind.int, Kind.uint, Kind.double: index &+ 2
        default: index &+ 1
        }
    }

    /// Index of the closing word of an array or object.
    @inline(__always)
    func close(_ index: Int) -> Int {
        Int(truncatingIfNeeded: words[index] & 0xFFFF_FFFF) &- 1
    }

    /// Unescaped bytes of a string, valid until the next parse.
    @inline(__always)
    func string(_ index: Int) -> UnsafeRawBufferPointer {
        let start = strings + Int(truncatingIfNeeded: words[index] & 0x00FF_FFFF_FFFF_FFFF)
        return UnsafeRawBufferPointer(start: start + 4, count: Int(start.loadUnaligned(as: UInt32.self)))
    }

    @inline(__always)
    func int(_ index: Int) -> Int64 { Int64(bitPattern: words[index &+ 1]) }

    @inline(__always)
    func uint(_ index: Int) -> UInt64 { words[index &+ 1] }

    @inline(__always)
    func double(_ index: Int) -> Double { Double(bitPattern: words[index &+ 1]) }

    /// Whether a value is a number.
    @inline(__always)
    func isNumber(_ index: Int) -> Bool {
        let kind = kind(index)
        return kind == Kind.int || kind == Kind.uint || kind == Kind.double
    }

    /// A number as a double, whatever way it was written.
    func number(_ index: Int) -> Double {
        switch kind(index) {
        case Kind.int: Double(int(index))
        case Kind.uint: Double(uint(index))
        default: double(index)
        }
    }

    /// Longest canonical text of a number, bytes.
    static let maxNumberBytes = Int(WEIR_JSON_NUMBER_TEXT)

    /// Writes a number's canonical text, the same for `3`, `3.0` and `30e-1`.
    ///
    /// - Parameter out: ``maxNumberBytes`` writable bytes.
    /// - Returns: number of bytes written.
    func numberText(_ index: Int, into out: UnsafeMutablePointer<UInt8>) -> Int {
        switch kind(index) {
        case Kind.int: weir_json_int64_text(int(index), out)
        case Kind.uint: weir_json_uint64_text(uint(index), out)
        default: weir_json_double_text(double(index), out)
        }
    }
}
