import LoadgenCore
import TestSupport
import Testing

@Suite("Soaking", .serialized, .timeLimit(.minutes(5)))
struct SoakTests {
    /// Samples of an hour, once every ten seconds.
    private func samples(_ change: (Double, inout ProcessSample) -> Void) -> [ProcessSample] {
        (0..<360).map { number in
            let hours = Double(number) / 360
            // Up and down by 40 MiB, as caches and compactions make it.
            var sample = ProcessSample(
                seconds: Double(number) * 10, residentBytes: (200 + number % 5 * 10) << 20,
                descriptors: 100 + number % 7, diskBytes: number * 1_000_000, events: number * 20_000,
                p99: 5 + Double(number % 3))
            change(hours, &sample)
            return sample
        }
    }

    @Test("What only goes up and down is no growth")
    func steady() {
        #expect(SoakLimits().excesses(samples { _, _ in }) == [])
        #expect(SoakLimits().excesses([]) == [])
        // A jump at the start, while it gets warm.
        #expect(SoakLimits().excesses(samples { if $0 < 0.1 { $1.residentBytes = 1 << 20 } }) == [])
        // One outlier does not bend the line.
        #expect(SoakLimits().excesses(samples { if $0 == 0.5 { $1.descriptors = 100_000 } }) == [])
    }

    @Test("What leaks is found by its slope")
    func leaks() {
        let memory = SoakLimits().excesses(samples { $1.residentBytes += Int($0 * 600) << 20 })
        #expect(memory.count == 1 && memory.first?.hasPrefix("memory (MiB) grew by") == true)
        let descriptors = SoakLimits().excesses(samples { $1.descriptors += Int($0 * 120) })
        #expect(descriptors.count == 1 && descriptors.first?.hasPrefix("open descriptors grew by") == true)
        let disk = SoakLimits().excesses(samples { $1.diskBytes += Int($0 * 20e9) })
        #expect(disk.count == 1 && disk.first?.hasPrefix("the directory grew by") == true)
        let latency = SoakLimits().excesses(samples { $1.p99 = 40 + $0 * 400 })
        #expect(latency.count == 1 && latency.first?.hasPrefix("the 99th percentile went from") == true)
    }

    @Test("A short soak with faults of every kind finds nothing")
    func short() async throws {
        let folder = try TemporaryFolder("soak")
        let server = try ServerProcess(directory: folder.path)
        var options = Soak.Options(
            url: try #require(TargetURL(server.url)), processID: server.processID, directory: folder.path, seconds: 7.5,
            seed: 4711)
        options.round = 1.3
        options.rate = 400
        // How quick answers are is the machine's affair.
        options.limits.latencyGrowth = nil
        let outcome = try await Soak(options).run()
        #expect(outcome.findings == [])
        #expect(outcome.rounds > 0 && outcome.events > 0)
        #expect((outcome.samples.last?.residentBytes ?? 0) > 1 << 20)
        #expect((outcome.samples.last?.descriptors ?? 0) > 5)
        #expect((outcome.samples.last?.diskBytes ?? 0) > 1000)
        try server.terminate()
    }
}
