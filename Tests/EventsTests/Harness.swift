import Events

/// Decodes bodies for tests and shows what came of them in a form that is easy to compare.
struct Harness {
    static let hash = EventHash(seed: 42)
    /// 2026-11-22T12:00:00Z.
    static let now: Int64 = 1_795_348_800_000

    let decoder: EventDecoder
    var context: DecodeContext

    init(limits: DecodeLimits = DecodeLimits(), maxPropertyNames: Int = 2000) {
        decoder = EventDecoder(
            hash: Harness.hash, limits: limits,
            propertyNames: PropertyNames(hash: Harness.hash, maxNamesPerSite: maxPropertyNames))
        context = DecodeContext(now: Harness.now) { site, agent in
            "anonymous-\(site)-\(String(decoding: agent, as: UTF8.self))"
        }
    }

    func decode(_ body: String) throws(DecodeError) -> DecodedBody {
        try decoder.decode(Array(body.utf8), context: context)
    }

    /// Decodes a body that holds together and checks that every event is accounted for.
    func rows(_ body: String) throws -> [[String: String]] {
        let decoded = try decode(body)
        return decoded.batches.flatMap(rows)
    }

    /// The one event of a body, as texts by dimension; times under `time`, the measure under `value`.
    func row(_ event: String) throws -> [String: String] {
        let decoded = try decode(event)
        guard let batch = decoded.batches.first, decoded.received == 1 else {
            throw Unexpected(description: "no row: \(decoded.rejections)")
        }
        return rows(batch)[0]
    }

    /// Why the one event of a body was not taken; `nil` if it was.
    func rejection(_ event: String) throws -> Rejection? {
        let decoded = try decode(event)
        return decoded.rejections.first
    }

    /// Why an event that has a name and a visitor and one more field was not taken.
    func code(_ field: String) throws -> RejectionCode? {
        try rejection("{\"event\":\"e\",\"visitor\":\"v\",\(field)}")?.code
    }

    func rows(_ batch: ColumnBatch) -> [[String: String]] {
        (0..<batch.rows).map { row in
            var result: [String: String] = ["site": batch.site]
            result["time"] = String(batch.month + Int64(batch.times[row]))
            result["event"] = batch.names.text(of: Int(batch.nameCodes[row]))
            result["visitor"] = batch.visitors.text(of: Int(batch.visitorCodes[row]))
            if batch.ids[row] != 0 { result["id"] = String(batch.ids[row]) }
            if !batch.values[row].isNaN { result["value"] = "\(batch.values[row])" }
            for column in batch.columns where row < column.codes.count && column.codes[row] != 0 {
                let texts = column.table.members(of: Int(column.codes[row])).map { code in
                    "\(Harness.mark(column.table.kind(of: Int(code))))\(column.table.text(of: Int(code)) ?? "?")"
                }
                result[column.name] = texts.joined(separator: "|")
            }
            return result
        }
    }

    /// What a value was sent as: nothing for strings, `#` for numbers, `?` for booleans.
    private static func mark(_ kind: ValueKind) -> String {
        switch kind {
        case .number: "#"
        case .boolean: "?"
        default: ""
        }
    }

    /// What was expected of a test's own input and did not hold.
    struct Unexpected: Error, CustomStringConvertible {
        var description: String
    }
}

/// The smallest event.
let smallest = #"{"event":"e","visitor":"v"}"#

/// SplitMix64: small, seeded, the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
