import CSimdjson

/// How a body falls into events.
extension DecodeRun {
    mutating func decode(_ body: UnsafeRawBufferPointer) throws(DecodeError) {
        let hasMark = body.count >= 3 && body[0] == 0xEF && body[1] == 0xBB && body[2] == 0xBF
        let bytes = DecodeRun.trim(UnsafeRawBufferPointer(rebasing: body[(hasMark ? 3 : 0)...]))
        guard let start = bytes.baseAddress, let bodyStart = body.baseAddress, let first = bytes.first else {
            throw DecodeError(
                .emptyBody, "The body is empty. Send an event as a JSON object, an array of events, or one a line.")
        }
        if first == UInt8(ascii: "[") {
            try array(bytes, offset: start - bodyStart)
        } else {
            try lines(bytes, offset: start - bodyStart)
        }
    }

    /// Reads an array, element by element, so that the parser never needs memory for more than one event.
    ///
    /// - Parameters:
    ///   - bytes: from the opening bracket on, without white space at the end.
    ///   - offset: where in the body `bytes` begins.
    private mutating func array(_ bytes: UnsafeRawBufferPointer, offset: Int) throws(DecodeError) {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let end = start + bytes.count
        var element = start + 1
        while element < end, JSONSpace.contains(element.pointee) { element += 1 }
        if element < end, element.pointee == UInt8(ascii: "]") {
            guard element + 1 == end else { throw broken(bytes, offset) }
            return
        }
        while true {
            guard let stop = weir_json_element_end(element, end) else { throw broken(bytes, offset) }
            let raw = DecodeRun.trim(UnsafeRawBufferPointer(start: element, count: stop - element))
            guard !raw.isEmpty else { throw broken(bytes, offset) }
            guard take(raw) == nil else { throw broken(bytes, offset) }
            try checkCount()
            if stop.pointee == UInt8(ascii: "]") {
                guard stop + 1 == end else { throw broken(bytes, offset) }
                return
            }
            element = stop + 1
        }
    }

    /// Reads lines; or a single object, which may be a single line or, when its first line is not JSON, several.
    private mutating func lines(_ bytes: UnsafeRawBufferPointer, offset: Int) throws(DecodeError) {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let end = start + bytes.count
        var line = start
        while line < end {
            let stop: UnsafePointer<UInt8> = weir_json_line_end(line, end)
            let raw = DecodeRun.trim(UnsafeRawBufferPointer(start: line, count: stop - line))
            if line == start, raw.count == bytes.count || spansLines(bytes, firstLine: raw) {
                try single(bytes, offset: offset)
                return
            }
            line = stop + 1
            if raw.isEmpty { continue }
            if let problem = take(raw) {
                reject(
                    raw, index: result.received - 1,
                    Refusal(.invalidJSON, "The line is not JSON: \(problem.reason), at its byte \(problem.position)."))
            }
            try checkCount()
        }
    }

    /// Where the first line of a body ends.
    static func lineEnd(_ body: UnsafeRawBufferPointer) -> Int {
        guard let start = body.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
        let end: UnsafePointer<UInt8> = weir_json_line_end(start, start + body.count)
        return end - start
    }

    /// Whether a body of several lines is one object: its first line is not JSON, but the whole is.
    private func spansLines(_ bytes: UnsafeRawBufferPointer, firstLine: UnsafeRawBufferPointer) -> Bool {
        guard bytes[0] == UInt8(ascii: "{") else { return false }
        if firstLine.count <= limits.maxEventBytes, decoder.parser.parse(firstLine) { return false }
        let problem = JSONChecker.problem(in: bytes, maxDepth: limits.maxNestingDepth)
        return !(problem?.breaksGrammar ?? false)
    }

    /// Reads the one event that the body is.
    private mutating func single(_ bytes: UnsafeRawBufferPointer, offset: Int) throws(DecodeError) {
        if bytes[0] != UInt8(ascii: "{") {
            let problem = JSONChecker.problem(in: bytes, maxDepth: limits.maxNestingDepth)
            guard problem?.breaksGrammar ?? false else {
                throw DecodeError(
                    .notAnObject, "The body is JSON, but not an object. Send an event as a JSON object.",
                    position: offset)
            }
        }
        guard take(bytes) == nil else { throw broken(bytes, offset) }
    }

    private func checkCount() throws(DecodeError) {
        guard result.received <= limits.maxEventsPerBody else {
            throw DecodeError(
                .tooManyEvents,
                "The body has more than the \(limits.maxEventsPerBody) events allowed. Send several smaller ones.")
        }
    }

    /// The error of a body that is not JSON, with the place where it stops being it.
    @inline(never)
    private func broken(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> DecodeError {
        let problem = JSONChecker.problem(in: bytes, maxDepth: limits.maxNestingDepth)
        let reason = problem?.reason ?? "the parser refused it"
        let position = offset + (problem?.position ?? 0)
        return DecodeError(
            .invalidJSON, "The body is not JSON: \(reason), at byte \(position). Nothing of it was taken.",
            position: position)
    }

    private static func trim(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        var end = bytes.count
        while start < end, JSONSpace.contains(bytes[start]) { start &+= 1 }
        while end > start, JSONSpace.contains(bytes[end &- 1]) { end &-= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }
}
