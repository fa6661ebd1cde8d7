import NIOCore
import Synchronization

/// The form of a file that is replayed.
public enum ReplayFormat: String, Sendable, CaseIterable {
    /// Events as lines of JSON.
    case ndjson
    /// A web server's access log in the combined format.
    case combined
}

/// A file's events at the distances of their times.
struct ReplayWork: Work {
    /// The file, which all senders take from.
    let replay: SharedReplay
    let counter: BodyCounter

    mutating func prepare(_ body: inout PreparedBody) throws -> Preparation {
        guard try replay.next(into: &body) else { return .finished }
        body.number = counter.take()
        return .ready
    }
}

/// Reads a file of events in the order of time, and says when each is due.
///
/// A body holds consecutive events that are due within ``span`` of its first one. Lines without a time that can be read
/// are sent with the one before.
final class SharedReplay: Sendable {
    /// Events due within so many nanoseconds go together.
    static let span: Int64 = 10_000_000

    private struct State: Sendable {
        var lines: FileBodies
        /// A line that was read and did not go into the last body.
        var held: (due: Int64, bytes: [UInt8])?
        var first: Int64?
        var last: Int64 = 0
        var dropped = 0
    }

    private let state: Mutex<State>
    private let format: ReplayFormat
    private let speed: Double
    private let batch: Int
    private let byteLimit: Int

    init(_ lines: FileBodies, format: ReplayFormat, speed: Double, batch: Int, byteLimit: Int) {
        state = Mutex(State(lines: lines))
        self.format = format
        self.speed = speed
        self.batch = batch
        self.byteLimit = byteLimit
    }

    /// The next body, or false at the end.
    func next(into body: inout PreparedBody) throws -> Bool {
        try state.withLock { state in
            while body.events < batch {
                guard let line = try take(&state) else { break }
                if let due = body.due, line.due - due > Self.span || body.bytes.count + line.bytes.count > byteLimit {
                    state.held = line
                    break
                }
                body.due = body.due ?? line.due
                body.bytes.append(contentsOf: line.bytes)
                body.events += 1
            }
            return body.events > 0
        }
    }

    private func take(_ state: inout State) throws -> (due: Int64, bytes: [UInt8])? {
        if let held = state.held {
            state.held = nil
            return held
        }
        while let next = try state.lines.nextBody() {
            var bytes = [UInt8](next.bytes.readableBytesView)
            var time: Int64?
            switch format {
            case .ndjson: time = ReplayTime.ofEvent(bytes)
            case .combined:
                guard let entry = AccessLogEntry(bytes) else { continue }
                time = entry.time
                bytes = entry.event
            }
            if bytes.last != 10 { bytes.append(10) }
            if let time {
                let first = state.first ?? time
                state.first = first
                // Time does not go back; what comes late in the file is sent at once.
                state.last = max(state.last, Int64(Double(time - first) * 1e6 / speed))
            }
            return (state.last, bytes)
        }
        return nil
    }
}
