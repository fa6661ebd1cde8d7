import Events
import Storage

/// Finds the newest matching events.
///
/// Their order is by time, newest first, and among equal times by a hash of the whole event, so that it does not
/// depend on where an event lies; a cursor names the last event shown in that order, and how many equal ones were
/// shown.
struct EventScan {
    let execution: Execution
    let filter: Filter?
    let range: ResolvedRange
    let limit: Int
    let cursor: EventCursor?

    struct Found {
        var time: Int64
        var hash: UInt64
        var segment: Int
        var row: Int
        /// Position of the event's name in its segment.
        var name: Int
    }

    /// The events, in order, and whether there are more.
    func run() throws(QueryError) -> (events: [Found], hasMore: Bool) {
        // One more than asked for tells whether there is another page; the cursor's equals are read again and skipped.
        let wanted = limit + 1 + (cursor?.shown ?? 0)
        var found: [Found] = []
        var threshold = Int64.min
        let order = execution.segments.indices.sorted {
            execution.segments[$0].header.last > execution.segments[$1].header.last
        }
        for index in order {
            let segment = execution.segments[index]
            if segment.coverage(of: range) == .none || segment.header.last < threshold { continue }
            try scan(segment, index, threshold: &threshold, wanted: wanted, into: &found)
        }
        try settle(&found, wanted: wanted, threshold: &threshold)
        if let cursor {
            var toSkip = cursor.shown
            found.removeAll { event in
                guard event.time == cursor.time, event.hash == cursor.hash, toSkip > 0 else { return false }
                toSkip -= 1
                return true
            }
        }
        let hasMore = found.count > limit
        return (Array(found.prefix(limit)), hasMore)
    }

    private func scan(
        _ segment: Segment, _ index: Int, threshold: inout Int64, wanted: Int, into found: inout [Found]
    ) throws(QueryError) {
        let filter = try CompiledFilter(
            self.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
        var mask: [UInt8] = []
        var pruneAt = wanted * 4 + 4096
        var held = found.capacity * MemoryLayout<Found>.stride
        let month = segment.header.month
        let newest = cursor?.time ?? .max
        for name in filter.possibleNames {
            let filter = filter.filter(forName: name)
            for piece in segment.pieces(names: [name]) {
                try execution.check()
                execution.countRows(piece.range.count)
                try filter.mask(piece, into: &mask)
                let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                for (position, row) in piece.range.enumerated() where mask[position] != 0 {
                    let time = month + Int64(times[row])
                    guard time >= threshold, time <= newest else { continue }
                    // The hash is read later, for the few that stay.
                    found.append(
                        Found(time: time, hash: 0, segment: index, row: piece.chunk * CodeChunk.rows + row, name: name))
                }
                if found.capacity * MemoryLayout<Found>.stride > held {
                    try execution.memory.hold(found.capacity * MemoryLayout<Found>.stride - held)
                    held = found.capacity * MemoryLayout<Found>.stride
                }
                if found.count > pruneAt {
                    try prune(&found, wanted: wanted, threshold: &threshold)
                    // Many events of one time cannot be told apart yet; they are looked at again when there are twice
                    // as many.
                    pruneAt = max(pruneAt, found.count * 2)
                }
            }
        }
    }

    /// Drops what is older than the wanted number of events; all of the oldest time stay.
    private func prune(_ found: inout [Found], wanted: Int, threshold: inout Int64) throws(QueryError) {
        // The events at the cursor's own time that come before it in order do not count as wanted.
        let newest = cursor?.time ?? .max
        var older = found.filter { $0.time < newest }.map(\.time)
        try execution.sort(&older, by: >)
        guard older.count > wanted else { return }
        threshold = max(threshold, older[wanted - 1])
        let limit = threshold
        found.removeAll { $0.time < limit }
    }

    /// Reads the hashes of what is left, orders it and cuts it.
    private func settle(_ found: inout [Found], wanted: Int, threshold: inout Int64) throws(QueryError) {
        try prune(&found, wanted: wanted, threshold: &threshold)
        var readers: [Int: EventReader] = [:]
        for position in found.indices {
            let segment = found[position].segment
            var reader: EventReader
            if let known = readers[segment] {
                reader = known
            } else {
                reader = try EventReader(execution.segments[segment], execution: execution)
                readers[segment] = reader
            }
            if position % 1024 == 0 { try execution.check() }
            found[position].hash = try reader.hash(row: found[position].row, name: found[position].name)
        }
        try execution.sort(&found) { ($1.time, $0.hash) < ($0.time, $1.hash) }
        if let cursor {
            found.removeAll { $0.time > cursor.time || ($0.time == cursor.time && $0.hash < cursor.hash) }
        }
        if found.count > wanted { found.removeLast(found.count - wanted) }
    }
}

/// The place in the list of events where a page ended.
struct EventCursor: Equatable {
    var time: Int64
    var hash: UInt64
    /// How many events with this time and hash have been shown.
    var shown: Int

    /// The cursor as text.
    var text: String { "\(time).\(String(hash, radix: 16)).\(shown)" }

    init(time: Int64, hash: UInt64, shown: Int) {
        self.time = time
        self.hash = hash
        self.shown = shown
    }

    /// Reads a cursor that an answer gave out.
    init(_ text: String) throws(QueryError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let time = Int64(parts[0]), let hash = UInt64(parts[1], radix: 16),
            let shown = Int(parts[2]), (0...QueryLimits.maxEvents * 100).contains(shown)
        else {
            throw QueryError(
                .invalidCursor,
                "`cursor`: this is no cursor of an answer. Leave it out to begin with the newest event.",
                field: "cursor")
        }
        self.init(time: time, hash: hash, shown: shown)
    }
}

/// Reads single rows of a segment.
struct EventReader {
    private let segment: Segment
    private let hash: EventHash
    private let tables: [ValueTable]
    private let visitors: ValueTable

    init(_ segment: Segment, execution: Execution) throws(QueryError) {
        self.segment = segment
        hash = execution.hash
        visitors = try stored { () throws(StorageError) in try segment.visitorNames() }
        var tables: [ValueTable] = []
        for column in segment.header.columns.indices {
            tables.append(try stored { () throws(StorageError) in try segment.table(column: column) })
        }
        self.tables = tables
    }

    /// A hash of everything the event holds, the same wherever it lies.
    func hash(row: Int, name: Int) throws(QueryError) -> UInt64 {
        var words: [UInt64] = [segment.header.names[name].hash]
        let (chunk, offset) = (row / CodeChunk.rows, row % CodeChunk.rows)
        let ordinal = try stored { () throws(StorageError) in try segment.ordinals(chunk: chunk) }[offset]
        words.append(visitors.hashes[Int(ordinal) + 1])
        if let values = try stored({ () throws(StorageError) in try segment.values(chunk: chunk) }) {
            words.append(values[offset].isNaN ? 0 : values[offset].bitPattern)
        } else {
            words.append(0)
        }
        for (column, table) in tables.enumerated() {
            let codes = try stored { () throws(StorageError) in try segment.codes(column: column, chunk: chunk) }
            let code = Int(codes[offset])
            guard code != 0 else { continue }
            words.append(hash(segment.header.columns[column].name))
            words.append(table.hashes[code] &+ UInt64(table.kinds[code]))
        }
        return words.withUnsafeBytes { hash($0) }
    }

    /// The event as it is shown.
    ///
    /// - Parameter columns: the dimensions to show; everything if `nil`.
    func json(row: Int, name: Int, time: String, columns: [Dimension]?) throws(QueryError) -> JSONValue {
        func isShown(_ name: String) -> Bool { columns?.contains { $0.name.utf8.elementsEqual(name.utf8) } ?? true }
        let (chunk, offset) = (row / CodeChunk.rows, row % CodeChunk.rows)
        var members: [(key: String, value: JSONValue)] = []
        if isShown("time") { members.append(("time", .string(time))) }
        if isShown("event") { members.append(("event", .string(segment.header.names[name].name))) }
        if isShown("visitor") {
            let ordinal = try stored { () throws(StorageError) in try segment.ordinals(chunk: chunk) }[offset]
            members.append(("visitor", .string(visitors.text(of: Int(ordinal) + 1) ?? "")))
        }
        if isShown("value"), let values = try stored({ () throws(StorageError) in try segment.values(chunk: chunk) }),
            !values[offset].isNaN
        {
            members.append(("value", .number(values[offset])))
        }
        var properties: [(key: String, value: JSONValue)] = []
        for (column, table) in tables.enumerated() {
            let full = segment.header.columns[column].name
            guard isShown(full) else { continue }
            let codes = try stored { () throws(StorageError) in try segment.codes(column: column, chunk: chunk) }
            let code = Int(codes[offset])
            guard code != 0 else { continue }
            let value = EventReader.json(table, code)
            if full.utf8.starts(with: Field.propertyPrefix.utf8) {
                let name = full.utf8.dropFirst(Field.propertyPrefix.utf8.count)
                properties.append((String(decoding: name, as: UTF8.self), value))
            } else {
                members.append((full, value))
            }
        }
        if !properties.isEmpty { members.append(("props", .object(properties))) }
        return .object(members)
    }

    private static func json(_ table: ValueTable, _ code: Int) -> JSONValue {
        switch table.kind(of: code) {
        case .missing: return .null
        case .string: return .string(table.text(of: code) ?? "")
        case .boolean: return .bool(table.text(of: code) == "true")
        case .number:
            let text = table.text(of: code) ?? ""
            if let number = Int64(text) { return .integer(number) }
            if let number = UInt64(text) { return .unsigned(number) }
            return .number(NumberText.parse(text) ?? .nan)
        case .list:
            return .array(table.members(of: code).map { json(table, Int($0)) })
        }
    }
}
