import Foundation
import Testing
import WebAPI

@Suite("The gate before queries")
struct QueryGateTests {
    @Test("Work runs off the caller's thread and its result and errors come back")
    func results() async throws {
        struct Refusal: Error {}
        let gate = QueryGate(threads: 2, waiting: 1)
        #expect(try await gate.run { 6 * 7 } == 42)
        await #expect(throws: Refusal.self) { try await gate.run { throw Refusal() } }
        #expect(gate.inProgress == 0)
        await gate.close()
    }

    @Test("What exceeds threads and waiting room is refused at once, and there is room again afterwards")
    func refusal() async throws {
        let gate = QueryGate(threads: 1, waiting: 1)
        let latch = DispatchSemaphore(value: 0)
        async let running: Void = gate.run { latch.wait() }
        async let waiting: Void = gate.run { latch.wait() }
        while gate.inProgress < 2 {
            await Task.yield()
        }
        let problem = await #expect(throws: Problem.self) { try await gate.run {} }
        #expect(problem?.status == 429)
        #expect(problem?.code == "too_many_queries")
        #expect(gate.refused == 1)
        latch.signal()
        latch.signal()
        _ = try await (running, waiting)
        try await gate.run {}
        await gate.close()
    }

    @Test("What waits too long for a thread is answered, and does not run afterwards")
    func tooLong() async throws {
        let gate = QueryGate(threads: 1, waiting: 4, longestWait: .milliseconds(20))
        let latch = DispatchSemaphore(value: 0)
        async let running: Void = gate.run { latch.wait() }
        while gate.inProgress < 1 {
            await Task.yield()
        }
        let problem = await #expect(throws: Problem.self) {
            try await gate.run { Issue.record("work ran that had been given up") }
        }
        #expect(problem?.status == 503)
        #expect(problem?.code == "query_queue_timeout")
        #expect(problem?.retryAfterSeconds == 1)
        #expect(gate.timedOut == 1)
        latch.signal()
        try await running
        #expect(try await gate.run { 1 } == 1)
        await gate.close()
    }
}
