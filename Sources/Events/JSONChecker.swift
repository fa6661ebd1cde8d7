/// What is wrong with a text that should be JSON, and where.
struct JSONProblem: Hashable {
    /// ``RejectionCode/invalidJSON`` for what breaks the grammar; another code for what only breaks a value.
    let code: RejectionCode
    /// A clause that says what is wrong.
    let reason: String
    /// Offset in the checked bytes.
    let position: Int

    /// Whether the text is not JSON at all, as opposed to JSON with a value that cannot be held.
    var breaksGrammar: Bool { code == .invalidJSON }
}

/// The second opinion on a text that simdjson refused: a strict, iterative JSON reader that tells broken grammar, which
/// spoils everything around it, from a value that cannot be held, which spoils one event, and says where it found it.
///
/// Only refused texts come here, so that it may be slow; but it is linear in time, and nesting costs a bit a level.
struct JSONChecker {
    private enum Expectation {
        case value, valueOrEnd, key, keyOrEnd, colon, commaOrEnd, nothing
    }

    /// The longest number that is converted to see whether it can be held; bounds the work a body can ask for.
    private static let maxNumberBytes = 64 << 10

    private let bytes: UnsafeRawBufferPointer
    private let maxDepth: Int
    private var position = 0
    private var levels = BitStack()
    private var valueProblem: JSONProblem?

    /// Checks that the bytes are one JSON value with nothing but white space around it.
    ///
    /// - Returns: the first thing that breaks the grammar; else the first value that cannot be held; else `nil`.
    static func problem(in bytes: UnsafeRawBufferPointer, maxDepth: Int) -> JSONProblem? {
        var checker = JSONChecker(bytes: bytes, maxDepth: maxDepth)
        return checker.grammarProblem() ?? checker.valueProblem
    }

    private init(bytes: UnsafeRawBufferPointer, maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    private mutating func grammarProblem() -> JSONProblem? {
        var expected = Expectation.value
        while true {
            while position < bytes.count, JSONSpace.contains(bytes[position]) { position += 1 }
            guard position < bytes.count else {
                return expected == .nothing ? nil : broken("the text ends before the value does")
            }
            let byte = bytes[position]
            switch expected {
            case .nothing:
                return broken("there is something behind the value")
            case .colon:
                guard byte == UInt8(ascii: ":") else { return broken("a colon is missing behind a key") }
                position += 1
                expected = .value
            case .commaOrEnd:
                let closing = levels.top ? UInt8(ascii: "}") : UInt8(ascii: "]")
                if byte == UInt8(ascii: ",") {
                    position += 1
                    expected = levels.top ? .key : .value
                } else if byte == closing {
                    expected = close()
                } else {
                    return broken(levels.top ? "an object needs a comma or } here" : "an array needs a comma or ] here")
                }
            case .key, .keyOrEnd:
                if byte == UInt8(ascii: "}"), expected == .keyOrEnd {
                    expected = close()
                } else {
                    guard byte == UInt8(ascii: "\"") else { return broken("a key in double quotes is missing") }
                    if let problem = string() { return problem }
                    expected = .colon
                }
            case .value, .valueOrEnd:
                if byte == UInt8(ascii: "]"), expected == .valueOrEnd {
                    expected = close()
                } else {
                    switch value(byte) {
                    case .failure(let problem): return problem
                    case .next(let next): expected = next
                    }
                }
            }
        }
    }

    private enum Step {
        case next(Expectation)
        case failure(JSONProblem)
    }

    private mutating func value(_ byte: UInt8) -> Step {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = byte == UInt8(ascii: "{")
            levels.push(isObject)
            if levels.count > maxDepth {
                note(.nestingTooDeep, "arrays and objects nest deeper than \(maxDepth) levels", at: position)
            }
            position += 1
            return .next(isObject ? .keyOrEnd : .valueOrEnd)
        case UInt8(ascii: "\""):
            if let problem = string() { return .failure(problem) }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            if let problem = number() { return .failure(problem) }
        case UInt8(ascii: "t"):
            if let problem = word("true") { return .failure(problem) }
        case UInt8(ascii: "f"):
            if let problem = word("false") { return .failure(problem) }
        case UInt8(ascii: "n"):
            if let problem = word("null") { return .failure(problem) }
        default:
            return .failure(broken("a value is missing"))
        }
        return .next(levels.count == 0 ? .nothing : .commaOrEnd)
    }

    private mutating func close() -> Expectation {
        levels.pop()
        position += 1
        return levels.count == 0 ? .nothing : .commaOrEnd
    }

    private mutating func word(_ text: StaticString) -> JSONProblem? {
        let count = text.utf8CodeUnitCount
        let word = UnsafeRawBufferPointer(start: text.utf8Start, count: count)
        guard position + count <= bytes.count, bytes[position..<position + count].elementsEqual(word) else {
            return broken("a value is missing: only true, false and null are written without quotes")
        }
        position += count
        return nil
    }

    private mutating func number() -> JSONProblem? {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let firstDigit = position
        guard digits() else { return broken("a number needs digits here") }
        if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
            position = firstDigit
            return broken("a number must not begin with a zero that means nothing")
        }
        var isInteger = true
        if byte() == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard digits() else { return broken("a number needs digits behind its point") }
        }
        if byte() == UInt8(ascii: "e") || byte() == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "-") { position += 1 }
            guard digits() else { return broken("a number needs digits in its exponent") }
        }
        guard position - start <= JSONChecker.maxNumberBytes else {
            note(.invalidNumber, "a number is longer than \(JSONChecker.maxNumberBytes) bytes", at: start)
            return nil
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger {
            if Int64(text) == nil, UInt64(text) == nil {
                note(.invalidNumber, "an integer does not fit 64 bits", at: start)
            }
        } else if !(Double(text)?.isFinite ?? false) {
            note(.invalidNumber, "a number is too large for a 64-bit floating point number", at: start)
        }
        return nil
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = byte(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position > start
    }

    private func byte() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private func broken(_ reason: String) -> JSONProblem {
        JSONProblem(code: .invalidJSON, reason: reason, position: position)
    }

    private mutating func note(_ code: RejectionCode, _ reason: String, at position: Int) {
        if valueProblem == nil { valueProblem = JSONProblem(code: code, reason: reason, position: position) }
    }
}

// MARK: Strings

extension JSONChecker {
    /// Reads a string from its opening quote to behind its closing one.
    private mutating func string() -> JSONProblem? {
        position += 1
        while let byte = byte() {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return nil
            case UInt8(ascii: "\\"):
                if let problem = escape() { return problem }
            case 0..<0x20:
                return broken("control characters in strings must be escaped")
            case 0x20..<0x80:
                position += 1
            default:
                let length = UTF8Sequence.length(bytes, at: position)
                if length == 0 { note(.invalidUTF8, "a string is not valid UTF-8", at: position) }
                position += max(1, length)
            }
        }
        return broken("a string does not end")
    }

    private mutating func escape() -> JSONProblem? {
        let start = position
        position += 1
        switch byte() {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
            return nil
        case UInt8(ascii: "u"):
            break
        default:
            return broken("a string has an escape that JSON does not know")
        }
        guard let unit = hexadecimal(at: position + 1) else { return broken("\\u needs four hexadecimal digits") }
        position += 5
        guard (0xD800..<0xE000).contains(unit) else { return nil }
        if unit < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u"), let low = hexadecimal(at: position + 2),
            (0xDC00..<0xE000).contains(low)
        {
            position += 6
        } else {
            note(.invalidUTF8, "a string has half of a surrogate pair, which is no character", at: start)
        }
        return nil
    }

    private func hexadecimal(at start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = ASCII.hexadecimalDigit(bytes[index]) else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}

/// For each open array or object, whether it is an object: a bit a level, so that a hundred thousand levels are cheap.
private struct BitStack {
    private var words: [UInt64] = []
    private(set) var count = 0

    /// The innermost level; false where there is none.
    var top: Bool {
        count > 0 && words[(count - 1) >> 6] >> UInt64((count - 1) & 63) & 1 == 1
    }

    mutating func push(_ bit: Bool) {
        if count >> 6 == words.count { words.append(0) }
        let mask = UInt64(1) << UInt64(count & 63)
        if bit { words[count >> 6] |= mask } else { words[count >> 6] &= ~mask }
        count += 1
    }

    mutating func pop() {
        count -= 1
    }
}
