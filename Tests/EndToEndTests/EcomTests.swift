import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The shop's events in every way they can come, against the answers that are known.
    @Suite(
        "The shop's events have their known answers",
        .enabled(if: Repository.hasShared, "needs the data shared with this package"),
        .timeLimit(.minutes(5)))
    struct EcomTests {
        private func expectKnownAnswers(
            _ server: TestServer, _ site: String, _ moment: Comment, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let client = server.client
            let disagreements = try Ecom.disagreements { kind, query in try client.query(kind, query, site: site) }
            #expect(disagreements == [], moment, sourceLocation: sourceLocation)
        }

        /// Sends events of the site `udp` a few a datagram, and waits until all of them count.
        private func send(_ lines: [String], to server: TestServer) throws {
            let sender = try DatagramSender(port: server.process.datagramPort)
            var datagram = ""
            for (number, line) in lines.enumerated() {
                datagram += datagram.isEmpty ? line : "\n" + line
                if datagram.utf8.count > 1100 || number == lines.count - 1 {
                    try sender.send(datagram)
                    datagram = ""
                    // Slow enough for the receiver's buffer: what this is about is the answers.
                    if number % 40 == 0 { usleep(2000) }
                }
            }
            let wanted = Int64(lines.count)
            try Deadline.poll(
                seconds: 30, "\(wanted) events over UDP; there are \(String(describing: try? server.count("udp")))"
            ) {
                try server.count("udp") == wanted ? true : nil
            }
        }

        @Test("Imported by the command: at once, sealed, after a restart and after a crash")
        func imported() throws {
            let server = try TestServer()
            let run = try ChildProcess.run(
                try Repository.program("weir"),
                [
                    "import", "--url", server.process.url, "--site", "shop", "--map", "user_id=visitor",
                    "--map", "session_id=session", "--map", "timestamp=time", Ecom.file,
                ])
            #expect(run.exitCode == 0, "\(run.output) \(run.errors)")
            try expectKnownAnswers(server, "shop", "at once")
            try server.client.flush()
            try expectKnownAnswers(server, "shop", "sealed")
            try server.restart()
            try expectKnownAnswers(server, "shop", "after a restart")
            try server.killAndRestart()
            try expectKnownAnswers(server, "shop", "after a crash")
            try server.expectSound()
        }

        @Test("Imported and killed before anything is sealed")
        func crashInFlight() throws {
            let server = try TestServer()
            let lines = try Ecom.events().map(\.description)
            try server.client.send(lines, site: "shop")
            try server.killAndRestart()
            try expectKnownAnswers(server, "shop", "after a crash")
            try server.client.flush()
            try server.killAndRestart()
            try expectKnownAnswers(server, "shop", "sealed, after a crash")
        }

        @Test("Sent as single beacons over a few connections")
        func beacons() throws {
            let server = try TestServer()
            let process = server.process
            let lines = try Ecom.events().map(\.description)
            let connections = 16
            try concurrently(connections) { index in
                let connection = try process.connect()
                for position in stride(from: index, to: lines.count, by: connections) {
                    let response = try connection.request(
                        "POST", "/v1/events?site=beacons&backfill=true", headers: [("Content-Type", "text/plain")],
                        body: Array(lines[position].utf8))
                    guard response.status == 200, try response.json()["accepted"]?.int == 1 else {
                        throw HarnessError("a beacon: \(response.status) \(response.text)")
                    }
                }
            }
            try expectKnownAnswers(server, "beacons", "in flight")
            try server.client.flush()
            try expectKnownAnswers(server, "beacons", "sealed")
            try server.expectSound()
        }

        @Test("Sent as shuffled batches, some sealed in between")
        func shuffled() throws {
            let seed = testSeed()
            var generator = SeededGenerator(seed: seed)
            let server = try TestServer()
            let lines = try Ecom.events().map(\.description).shuffled(using: &generator)
            var position = 0
            while position < lines.count {
                let end = min(lines.count, position + generator.int(1...3000))
                let answer = try server.client.send(Array(lines[position..<end]), site: "shuffled")
                #expect(answer["accepted"]?.int == Int64(end - position), "seed \(seed)")
                if generator.chance(0.2) { try server.client.flush() }
                position = end
            }
            try expectKnownAnswers(server, "shuffled", "seed \(seed), half sealed")
            try server.restart()
            try expectKnownAnswers(server, "shuffled", "seed \(seed), after a restart")
            try server.client.flush()
            try expectKnownAnswers(server, "shuffled", "seed \(seed), sealed")
        }

        @Test("Sent twice with ids, everything counts once and the rest is reported as duplicate")
        func twice() throws {
            let server = try TestServer()
            let lines = try Ecom.events().enumerated().map { index, event in
                var event = event
                event["id"] = .string("e\(index)")
                return event.description
            }
            let half = lines.count / 2
            try server.client.send(Array(lines[..<half]), site: "twice")
            let both = try server.client.send(lines, site: "twice")
            #expect(both["duplicate"]?.int == Int64(half))
            #expect(both["accepted"]?.int == Int64(lines.count - half))
            try expectKnownAnswers(server, "twice", "in flight")
            try server.client.flush()
            for moment in ["sealed", "after a crash"] {
                let again = try server.client.send(lines.reversed(), site: "twice")
                #expect(again["duplicate"]?.int == Int64(lines.count), "\(moment)")
                #expect(again["accepted"]?.int == 0, "\(moment)")
                try expectKnownAnswers(server, "twice", "\(moment)")
                try server.killAndRestart()
            }
            let elsewhere = try server.client.send(Array(lines[..<10]), site: "another")
            #expect(elsewhere["accepted"]?.int == 10, "an id belongs to its site")
        }

        @Test("Sent over UDP to a server whose late limit reaches back to them")
        func allDatagrams() throws {
            let server = try TestServer(arguments: ["--late-limit", "36500d"])
            var lines: [String] = []
            for var event in try Ecom.events() {
                event["site"] = "udp"
                lines.append(event.description)
            }
            try send(lines, to: server)
            try expectKnownAnswers(server, "udp", "at once")
            try server.client.flush()
            try expectKnownAnswers(server, "udp", "sealed")
            try server.killAndRestart()
            try expectKnownAnswers(server, "udp", "after a crash")
        }

        @Test("The last six days sent over UDP, moved to now, agree with the reference")
        func datagrams() throws {
            let server = try TestServer()
            let events = try Ecom.events()
            let newest = events.compactMap { $0["time"]?.int }.max() ?? 0
            let shift = now() - 60_000 - newest
            var sent: [String] = []
            for event in events {
                guard let time = event["time"]?.int, time > newest - 6 * 86_400_000 else { continue }
                var event = event
                event["time"] = .integer(time + shift)
                event["site"] = "udp"
                sent.append(event.description)
            }
            try send(sent, to: server)
            let wanted = sent.count
            let received = try server.client.metrics().sum("weir_events_received_total", ["transport": "udp"])
            #expect(received == Double(wanted))

            let reference = try Reference(lines: sent)
            let queries: [(String, JSON)] = [
                ("aggregate", ["range": "all", "metrics": ["events", "visitors", "sessions", "session_duration"]]),
                ("top", ["range": "all", "by": ["event", "props.platform"], "metrics": ["events", "visitors"]]),
                ("timeseries", ["range": "all", "interval": "hour", "timezone": "Europe/Berlin"]),
                (
                    "funnel",
                    [
                        "range": "all", "window": "1h", "by": "props.platform",
                        "steps": [["event": "product_view"], ["event": "add_to_cart"], ["event": "shipping_details"]],
                    ]
                ),
            ]
            for (kind, query) in queries {
                let answer = try server.client.query(kind, query, site: "udp")
                #expect(try reference.disagreement(kind, query, answer: answer) == [], "\(kind)")
            }
            try server.expectSound()
        }
    }
}
