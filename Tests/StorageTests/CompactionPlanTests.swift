import Events
import Foundation
import Storage
import TestSupport
import Testing

/// Which segments are merged, simulated without any: months of seals and late events, merge by merge.
@Suite("Plans of compaction")
struct CompactionPlanTests {
    private let hour: Int64 = 3_600_000
    private let day: Int64 = 86_400_000
    /// 2026-03-01, a month of 31 days.
    private let month: Int64 = 1_772_323_200_000
    private var monthEnd: Int64 { month + 31 * day }

    private func plan(
        at watermark: Int64, maxRows: Int = 32_000_000, longest: BucketLevel = .month
    ) -> CompactionPlan {
        CompactionPlan(month: month, monthEnd: monthEnd, watermark: watermark, maxRows: maxRows, longest: longest)
    }

    /// A month's segments and what was written of them.
    private struct Simulation {
        var segments: [CompactionCandidate] = []
        var next: UInt64 = 1
        var written = 0
        var most = 0

        mutating func add(_ bucket: Bucket, _ rows: Int) {
            segments.append(CompactionCandidate(number: next, bucket: bucket, rows: rows))
            next += 1
        }

        mutating func compact(_ plan: CompactionPlan, _ label: String) {
            var steps = 0
            while let task = plan.next(segments) {
                steps += 1
                guard steps < 1_000 else {
                    Issue.record("\(label): compaction does not come to an end")
                    return
                }
                let merged = segments.filter { task.segments.contains($0.number) }
                guard merged.count == task.segments.count, merged.count > 1 || merged.contains(where: \.isMasked) else {
                    Issue.record("\(label): a task of \(task.segments.count) segments takes \(merged.count)")
                    return
                }
                let rows = merged.reduce(0) { $0 + $1.rows }
                segments.removeAll { task.segments.contains($0.number) }
                add(task.bucket, rows)
                written += rows
            }
            most = max(most, segments.count)
        }
    }

    @Test("Hours become days and days a month, each row written a few times", arguments: [1_000, 120_000, 1_500_000])
    func growsUp(rowsAnHour: Int) {
        var simulation = Simulation()
        for index in 0..<(31 * 24) {
            simulation.add(Bucket(level: .hour, start: month + Int64(index) * hour), rowsAnHour)
            simulation.compact(plan(at: month + Int64(index + 1) * hour), "hour \(index)")
        }
        simulation.compact(plan(at: monthEnd), "end of month")
        let rows = rowsAnHour * 31 * 24
        #expect(simulation.segments.reduce(0) { $0 + $1.rows } == rows)
        // A day of the largest is more than one segment may hold.
        #expect(simulation.most <= (rowsAnHour < 1_000_000 ? 31 + 8 : 50), "\(simulation.most) segments side by side")
        // An hour into a part of a day, that into the day, the day into the month.
        #expect(Double(simulation.written) / Double(rows) <= 5, "\(simulation.written) rows written of \(rows)")
        #expect(simulation.segments.count <= max(1, rows / 10_000_000))
    }

    @Test("What is merged within a day that has not ended is brief, and is merged again when it has")
    func briefOfOpenDays() throws {
        var simulation = Simulation()
        var brief: Set<UInt64> = []
        for index in 0..<48 {
            let plan = plan(at: month + Int64(index + 1) * hour)
            simulation.add(Bucket(level: .hour, start: month + Int64(index) * hour), 100_000)
            while let task = plan.next(simulation.segments) {
                let isOpen = task.bucket.start + day > month + Int64(index + 1) * hour
                #expect(task.isBrief == isOpen, "hour \(index)")
                simulation.segments.removeAll { task.segments.contains($0.number) }
                brief.subtract(task.segments)
                if task.isBrief { brief.insert(simulation.next) }
                simulation.add(task.bucket, task.segments.count * 100_000)
            }
            if index % 24 == 12 { #expect(!brief.isEmpty) }
            if index % 24 == 23 { #expect(brief.isEmpty) }
        }
        #expect(simulation.segments.allSatisfy { $0.bucket.level == .day })
        // A segment of a month is never brief, nor one of which somebody is erased when its day is over.
        let erased = CompactionCandidate(
            number: 1, bucket: Bucket(level: .day, start: month), rows: 5, isMasked: true)
        #expect(try #require(plan(at: month + day).next([erased])).isBrief == false)
        #expect(try #require(plan(at: month + hour).next([erased])).isBrief)
    }

    @Test("Late events all over the month leave few segments and rewrite little", arguments: 0..<4)
    func takesLateEvents(round: Int) {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment) &+ UInt64(round)
        var random = SeededGenerator(seed: seed)
        var simulation = Simulation()
        let rowsAnHour = 120_000
        var late = 0
        for index in 0..<(31 * 24) {
            let now = month + Int64(index + 1) * hour
            simulation.add(Bucket(level: .hour, start: month + Int64(index) * hour), rowsAnHour)
            // Every few minutes some late rows: of all buckets together, of an hour of today, of a day before.
            for _ in 0..<12 {
                let rows = Int.random(in: 1...2_000, using: &random)
                late += rows
                let earlier = Int64.random(in: 0...Int64(index), using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: simulation.add(Bucket(level: .month, start: month), rows)
                case 1 where earlier / 24 == Int64(index) / 24:
                    simulation.add(Bucket(level: .hour, start: month + earlier * hour), rows)
                default:
                    guard (earlier / 24 + 1) * 24 <= Int64(index) else {
                        simulation.add(Bucket(level: .month, start: month), rows)
                        continue
                    }
                    simulation.add(Bucket(level: .day, start: month + earlier / 24 * day), rows)
                }
                simulation.compact(plan(at: now), "seed \(seed), hour \(index)")
            }
        }
        let rows = rowsAnHour * 31 * 24 + late
        #expect(simulation.segments.reduce(0) { $0 + $1.rows } == rows, "seed \(seed)")
        #expect(simulation.most <= 45, "seed \(seed): \(simulation.most) segments side by side")
        #expect(
            Double(simulation.written) / Double(rows) <= 12,
            "seed \(seed): \(simulation.written) rows written of \(rows)")
    }

    @Test(
        "Where a retention wants short buckets, none is merged into a longer one, and few lie side by side",
        arguments: [BucketLevel.hour, .day, .month])
    func staysShort(longest: BucketLevel) {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var random = SeededGenerator(seed: seed)
        var simulation = Simulation()
        var rows = 0
        for index in 0..<(31 * 24) {
            let now = month + Int64(index + 1) * hour
            let late = month + Int64.random(in: 0...Int64(index), using: &random) * hour
            for (bucket, size) in [
                (Bucket(level: .hour, start: now - hour), 5_000), (Bucket(level: .hour, start: late), 50),
                (Bucket(level: .month, start: month), 20),
            ] {
                simulation.add(bucket, size)
                rows += size
            }
            simulation.compact(plan(at: now, longest: longest), "seed \(seed), hour \(index)")
        }
        simulation.compact(plan(at: monthEnd, longest: longest), "seed \(seed), end of month")
        #expect(simulation.segments.reduce(0) { $0 + $1.rows } == rows)
        // Those that came as a month's are the only ones, and are merged among themselves.
        let wide = simulation.segments.filter { $0.bucket.level == .month }
        let isShort = wide.reduce(0) { $0 + $1.rows } == 20 * 31 * 24
        #expect(isShort == (longest != .month), "seed \(seed)")
        #expect(longest == .month || wide.count <= CompactionPlan.wideSegments)
        #expect(simulation.segments.allSatisfy { $0.bucket.level <= longest || $0.bucket.level == .month })
        let buckets = Dictionary(grouping: simulation.segments, by: \.bucket)
        #expect(buckets.values.allSatisfy { $0.count <= CompactionPlan.bucketSegments })
    }

    @Test("A segment is never larger than it may be")
    func keepsTheLimit() {
        var simulation = Simulation()
        for index in 0..<31 { simulation.add(Bucket(level: .day, start: month + Int64(index) * day), 3_000_000) }
        simulation.compact(plan(at: monthEnd, maxRows: 10_000_000), "month")
        #expect(simulation.segments.allSatisfy { $0.rows <= 10_000_000 })
        #expect(simulation.segments.count <= 11)
    }

    @Test("A segment with erased rows comes first, by itself")
    func rewritesMasked() {
        let bucket = Bucket(level: .day, start: month)
        let task = plan(at: month + 5 * day).next([
            CompactionCandidate(number: 1, bucket: bucket, rows: 10),
            CompactionCandidate(number: 2, bucket: bucket, rows: 1_000_000, isMasked: true),
        ])
        #expect(task?.segments == [2])
        #expect(task?.bucket == bucket)
    }

    @Test("A name for the bucket always covers what is in it")
    func coversItsRows() {
        let first = Bucket(level: .hour, start: month + 3 * hour)
        let tasks = plan(at: month + 2 * day).next(
            (0..<50).map { CompactionCandidate(number: UInt64($0), bucket: first, rows: 10) })
        #expect(tasks.map { $0.bucket.level >= .hour && $0.bucket.start <= first.start } ?? false)
    }
}
