import Foundation

/// What a run leaves behind to be verified: how its events were made, and which requests were sent and acknowledged.
/// The events themselves follow from the seed.
public struct RunRecord: Sendable, Codable, Equatable {
    /// The stream.
    public var stream: StreamOptions
    /// The segments of the schedule, by which the events' times go on; nil for as fast as possible.
    public var segments: [RateSchedule.Segment]?
    /// Events a request.
    public var batch: Int
    /// The end of the stream, where the run had one.
    public var events: Int?
    /// Of the rejected events, those that were no bad ones on purpose.
    public var unexpectedlyRejected = 0
    /// Numbers of the requests that were sent, as pairs of the first and the one behind the last.
    public var sent: [[Int]]
    /// Numbers of those that the server acknowledged.
    public var acknowledged: [[Int]]

    init(
        stream: StreamOptions, schedule: RateSchedule?, batch: Int, events: Int?, ledger: Ledger,
        unexpectedlyRejected: Int
    ) {
        self.stream = stream
        segments = schedule?.segments
        self.batch = batch
        self.events = events
        self.unexpectedlyRejected = unexpectedlyRejected
        sent = ledger.sent.ranges.map { [$0.lowerBound, $0.upperBound] }
        acknowledged = ledger.acknowledged.ranges.map { [$0.lowerBound, $0.upperBound] }
    }

    /// The record of a run in which the first so many events were all sent and acknowledged.
    public init(stream: StreamOptions, schedule: RateSchedule? = nil, events: Int) {
        var stream = stream
        stream.isNumbered = true
        self.stream = stream
        segments = schedule?.segments
        batch = 1
        self.events = events
        sent = [[0, events]]
        acknowledged = sent
    }

    /// Reads a record.
    public static func read(_ path: String) throws -> RunRecord {
        try JSONDecoder().decode(RunRecord.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Writes the record.
    public func write(_ path: String) throws {
        try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path))
    }

    /// The stream with its schedule.
    func makeStream() throws -> IndexedStream {
        let schedule = try segments.map { segments in
            guard let schedule = RateSchedule(segments) else {
                throw GeneratorError.outOfRange(option: "segments", allowed: "a schedule in which something is due")
            }
            return schedule
        }
        return try IndexedStream(stream, schedule: schedule)
    }

    /// The positions of the events of some requests.
    func positions(_ bodies: [[Int]]) -> [Range<Int>] {
        bodies.compactMap { pair in
            guard pair.count == 2, pair[0] >= 0, pair[0] < pair[1] else { return nil }
            let start = pair[0] * batch
            return start..<max(start, min(pair[1] * batch, events ?? .max))
        }
    }
}
