import Foundation
import Ingest
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@Suite("Datagrams")
struct DatagramTests {
    @Test(
        "A datagram joins others only when each of its lines begins an object",
        arguments: [
            (#"{"a":1}"#, true), ("{\"a\":1}\n{\"b\":2}\r\n", true), ("  {}\n\n\t{}", true), ("[{}]", false),
            ("{\n\"a\":1}", false), ("{}\nx", false), ("\u{FEFF}{}", false), ("1", false),
        ])
    func joining(text: String, expected: Bool) {
        let bytes = Array(text.utf8)
        #expect(bytes.withUnsafeBytes { DatagramRuns.canJoin($0) } == expected)
    }

    @Test("The kernel's own drops are found by the socket's inode")
    func kernelDrops() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
              50: 0100007F:1F91 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0
              51: 0100007F:1F92 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 99

            """
        #expect(KernelDrops.drops(inTable: table, inode: 4711) == 0)
        #expect(KernelDrops.drops(inTable: table, inode: 4712) == 99)
        #expect(KernelDrops.drops(inTable: table, inode: 1) == nil)
        #expect(KernelDrops.drops(inTable: "broken", inode: 1) == nil)
    }

    @Test("An address that is taken is an error value")
    func addressInUse() throws {
        let first = try receiver(Recorder())
        let port = try #require(first.boundAddress.port)
        let error = try #require(throws: UDPError.self) { try receiver(Recorder(), port: port) }
        #expect(error.description.contains("\(port)"))
    }

    @Test("G2 G4 Every datagram is offered or counted, also those that are queued when the receiver is told to stop")
    func receives() async throws {
        let recorder = Recorder()
        let receiver = try receiver(recorder, datagramBytes: 64)
        let port = UInt16(try #require(receiver.boundAddress.port))
        let sender = try DatagramSender(port: port)
        try sender.send(#"{"n":1}"#)
        try sender.send("{\"n\":2}\n{\"n\":3}\n")
        try sender.send("")
        try sender.send(" \n")
        try sender.send("[1,2]")
        try sender.send(String(repeating: "x", count: 65))
        try sender.send(#"{"n":4}"#)

        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [receiver], logger: quiet))
        async let running: Void = group.run()
        while recorder.seen < 7 {
            try await Task.sleep(for: .milliseconds(1))
        }
        await group.triggerGracefulShutdown()
        try await running

        let lines = recorder.offered.flatMap { $0.text.split(separator: "\n").map(String.init) }
        #expect(lines == [#"{"n":1}"#, #"{"n":2}"#, #"{"n":3}"#, "[1,2]", #"{"n":4}"#])
        #expect(recorder.offered.contains { $0.text == "[1,2]" && $0.datagrams == 1 })
        #expect(recorder.offered.allSatisfy { $0.sender == "127.0.0.1" && $0.isPadded })
        #expect(recorder.dropped(.invalid) == 2)
        #expect(recorder.dropped(.truncated) == 1)
    }

    @Test("What was sent before the stop is not lost by the stop")
    func drains() async throws {
        let recorder = Recorder()
        let receiver = try receiver(recorder)
        let sender = try DatagramSender(port: UInt16(try #require(receiver.boundAddress.port)))
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [receiver], logger: quiet))
        async let running: Void = group.run()
        try sender.send("{}")
        while recorder.seen < 1 {
            try await Task.sleep(for: .milliseconds(1))
        }
        for number in 0..<200 {
            try sender.send("{\"n\":\(number)}")
        }
        await group.triggerGracefulShutdown()
        try await running
        #expect(recorder.seen == 201)
    }

    @Test("G2 G5 Datagrams of every size arrive whole, and nothing is ever answered")
    func sizes() async throws {
        let recorder = Recorder()
        let receiver = try receiver(recorder)
        let sender = try DatagramSender(port: UInt16(try #require(receiver.boundAddress.port)))
        let sizes = [2, 2047, 2048, 2049, 8191, 8192, 8193, 65_507]
        for size in sizes { try sender.send("{" + String(repeating: "x", count: size - 2) + "}") }
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [receiver], logger: quiet))
        async let running: Void = group.run()
        while recorder.seen < sizes.count {
            try await Task.sleep(for: .milliseconds(1))
        }
        await group.triggerGracefulShutdown()
        try await running
        let lines = recorder.offered.flatMap { $0.text.split(separator: "\n") }
        #expect(lines.map(\.utf8.count) == sizes)
        #expect(sender.hasAnswer == false)
    }

    @Test("G1 G6 What overflows the system's queue while the receiver pauses is counted")
    func overflow() async throws {
        let recorder = Recorder()
        let receiver = try receiver(recorder)
        let sender = try DatagramSender(port: UInt16(try #require(receiver.boundAddress.port)))
        // More than the queue can be made to hold; the receiver has not begun.
        let datagram = "{" + String(repeating: " ", count: 16_000) + "}"
        let sent = 8000
        for _ in 0..<sent { try sender.send(datagram) }
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [receiver], logger: quiet))
        async let running: Void = group.run()
        while recorder.seen < sent {
            try await Task.sleep(for: .milliseconds(5))
        }
        await group.triggerGracefulShutdown()
        try await running
        #expect(recorder.seen == sent)
        #expect(recorder.dropped(.kernel) > 0)
    }

    @Test("F12 Of any bytes it is told as a look at each byte would whether they join")
    func joiningRandomBytes() {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var generator = SeededGenerator(seed: seed)
        let bytes: [UInt8] = [0x0A, 0x20, 0x09, 0x0D, 0x7B, 0x7D, 0x5B, 0x78, 0x00, 0xFF]
        for round in 0..<20_000 {
            let datagram = (0..<generator.int(0...12)).map { _ in generator.pick(bytes) }
            var isAtStart = true
            var expected = true
            for byte in datagram {
                if byte == 0x0A {
                    isAtStart = true
                } else if ![0x20, 0x09, 0x0D].contains(byte) {
                    if isAtStart, byte != 0x7B { expected = false }
                    isAtStart = false
                }
            }
            let isBlank = datagram.allSatisfy { [0x20, 0x09, 0x0D, 0x0A].contains($0) }
            let what: Comment = "WEIR_SEED=\(seed), round \(round): \(datagram)"
            datagram.withUnsafeBytes { raw in
                #expect(DatagramRuns.canJoin(raw) == expected, what)
                #expect(DatagramRuns.isBlank(raw) == isBlank, what)
            }
        }
    }

    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func receiver(
        _ recorder: Recorder, port: Int = 0, datagramBytes: Int = 65536
    ) throws -> UDPReceiver {
        try UDPReceiver(
            host: "127.0.0.1", port: port, sink: recorder.sink, datagramBytes: datagramBytes, logger: quiet)
    }
}

/// Keeps what a receiver has passed on.
private final class Recorder: Sendable {
    struct Body {
        var text: String
        var datagrams: Int
        var sender: String
        var isPadded: Bool
    }

    private struct State {
        var offered: [Body] = []
        var dropped: [(DropReason, Int)] = []
    }

    private let state = Mutex(State())

    var offered: [Body] { state.withLock { $0.offered } }
    var seen: Int {
        state.withLock { state in
            state.offered.reduce(0) { $0 + $1.datagrams } + state.dropped.reduce(0) { $0 + $1.1 }
        }
    }

    func dropped(_ reason: DropReason) -> Int {
        state.withLock { $0.dropped.filter { "\($0.0)" == "\(reason)" }.reduce(0) { $0 + $1.1 } }
    }

    var sink: DatagramSink {
        DatagramSink(
            offer: { padded, count, datagrams, sender in
                let body = Body(
                    text: String(decoding: padded[0..<count], as: UTF8.self), datagrams: datagrams, sender: sender,
                    isPadded: padded.count == count + IngestService.padding)
                self.state.withLock { $0.offered.append(body) }
            },
            dropped: { reason, count in
                self.state.withLock { $0.dropped.append((reason, count)) }
            })
    }
}
