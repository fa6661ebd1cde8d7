/// `funnel/visitors`: who got to a step of a funnel, or got to the one before and not to it.
public struct FunnelVisitorsQuery: Sendable, Equatable {
    /// Which visitors are meant.
    public enum Outcome: String, CaseIterable, Sendable {
        /// They count for the step.
        case reached
        /// They count for the step before it and not for it.
        case dropped
    }

    /// The step and what became of it.
    public struct Target: Sendable, Equatable {
        /// The step's number in the query, from 1.
        public var step: Int
        public var outcome: Outcome

        public init(step: Int, outcome: Outcome) {
            self.step = step
            self.outcome = outcome
        }
    }

    /// The funnel; what splits its answer (`by`, `interval`, `time_to_convert`) makes no difference here.
    public var funnel: FunnelQuery
    public var target: Target
    /// How many visitors a page has.
    public var limit: Int
    /// Where an earlier page ended; `nil` for the first.
    public var cursor: String?

    /// The length of a page that names none.
    public static let defaultLimit = 100
}

extension FunnelVisitorsQuery {
    init(_ reader: ObjectReader, common: CommonQuery, filters: inout FilterReader) throws(QueryError) {
        limit = try reader.integer("limit", 1...QueryLimits.maxEvents) ?? FunnelVisitorsQuery.defaultLimit
        var funnel = try FunnelQuery(reader, common: common, filters: &filters, limits: 1...QueryLimits.maxEvents)
        try funnel.requirePossible()
        funnel.by = []
        funnel.interval = nil
        funnel.timeToConvert = nil
        self.funnel = funnel
        guard let step = try reader.step("step", of: funnel.steps.count) else {
            throw reader.missing("step", "it is the number of the step that visitors are listed for, from 1")
        }
        target = Target(step: step, outcome: try reader.choice("outcome", Outcome.self) ?? .reached)
        cursor = try reader.string("cursor")
        if let cursor { _ = try FunnelVisitorsCursor(cursor) }
    }
}

/// The place in a list of visitors where a page ended: after a visitor's id.
struct FunnelVisitorsCursor {
    /// The id's bytes.
    let visitor: [UInt8]

    init(after visitor: [UInt8]) { self.visitor = visitor }

    /// The cursor as text: `v` and the id's bytes in hexadecimal.
    var text: String {
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = [UInt8(ascii: "v")]
        for byte in visitor {
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a cursor that an answer gave out.
    init(_ text: String) throws(QueryError) {
        var bytes: [UInt8] = []
        var isValid = text.utf8.first == UInt8(ascii: "v") && text.utf8.count % 2 == 1
        isValid = isValid && text.utf8.count <= QueryLimits.maxCursorBytes
        var high: UInt8?
        for digit in text.utf8.dropFirst() {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default:
                isValid = false
                value = 0
            }
            if let upper = high {
                bytes.append(upper << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        guard isValid else {
            throw QueryError(
                .invalidCursor,
                "`cursor`: this is no cursor of an answer. Leave it out to begin with the first visitor.",
                field: "cursor")
        }
        visitor = bytes
    }
}
