import Foundation
import LoadgenCore
import TestSupport
import Testing

@Suite("Scenarios")
struct ScenarioTests {
    @Test("The scenarios that come with the package are read, and make events")
    func all() throws {
        let folder = Repository.root.appendingPathComponent("Loadgen/scenarios")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(files.count >= 4)
        for file in files {
            let scenario = try Scenario.read(folder.appendingPathComponent(file).path)
            #expect(!scenario.name.isEmpty)
            var stream = try IndexedStream(scenario.stream, schedule: scenario.schedule)
            var bytes: [UInt8] = []
            for position in 0..<500 { stream.append(position, into: &bytes) }
            #expect(bytes.count { $0 == 10 } == 500)
            let url = TargetURL.local
            let options = try scenario.options(url: url, udp: HostPort("127.0.0.1:9"), seed: 1, site: nil)
            _ = try LoadRunner(options)
        }
    }

    @Test("Every key does what it says")
    func keys() throws {
        let scenario = try Scenario(
            yaml: """
                name: all of it
                site: a
                sites: 20
                visitors: 4_000
                content: news
                bots: 25%
                hot: 0.5
                visits_at_once: 77
                schedule: {shape: segments, segments: "10@5s,10-20@5s"}
                send: {as: beacons, connections: 9, slow_clients: 10%}
                queries: 3.5
                faults:
                  duplicates: 1%
                  bad: 2%
                  reorder: 512
                  late: {share: 3%, by: 90s}
                  skew: {share: 4%, by: 5m}
                """)
        #expect(scenario.stream.site == "a")
        #expect(scenario.stream.sites == 20)
        #expect(scenario.stream.visitors == 4000)
        #expect(scenario.stream.content == .news)
        #expect(scenario.stream.bots == 0.25)
        #expect(scenario.stream.hot == 0.5)
        #expect(scenario.stream.concurrency == 77)
        #expect(scenario.schedule == RateSchedule("10@5s,10-20@5s"))
        #expect(scenario.batch == 1)
        #expect(scenario.connections == 9)
        #expect(scenario.slowClients == 0.1)
        #expect(scenario.queries == 3.5)
        #expect(scenario.stream.faults.duplicates == 0.01)
        #expect(scenario.stream.faults.bad == 0.02)
        #expect(scenario.stream.faults.reorder == 512)
        #expect(scenario.stream.faults.late == 0.03)
        #expect(scenario.stream.faults.lateBy == 90_000)
        #expect(scenario.stream.faults.skewed == 0.04)
        #expect(scenario.stream.faults.skewedBy == 300_000)
    }

    @Test(
        "What is wrong is told with its line",
        arguments: [
            ("name: x\n", "`schedule` is missing"), ("- 1\n", "a mapping"),
            ("name: x\nschedule: {shape: constant, rate: 5}\ncolour: red\n", "line 3: `colour` is not known here"),
            ("name: x\nschedule: {shape: constant, rate: many}\n", "line 2: `rate` must be a number"),
            ("name: x\nschedule: {shape: zigzag}\n", "`shape` is constant, ramp"),
            ("name: x\nschedule: {shape: constant, rate: 5, each: 3s}\n", "`each` is not known"),
            ("name: x\nschedule: {shape: constant, rate: 0}\n", "nothing is due"),
            ("name: x\nbots: 200%\nschedule: {shape: constant, rate: 5}\n", "line 2: `bots` must be a share"),
            ("name: x\nschedule: {shape: constant, rate: 5}\nfaults: {skew: {share: 1%, by: 1h}}\n", "skew must be"),
            ("name: [\n", "this is no YAML"),
        ])
    func errors(yaml: String, part: String) {
        #expect {
            _ = try Scenario(yaml: yaml)
        } throws: {
            "\($0)".contains(part)
        }
    }
}
