import ArgumentParser
import Foundation
import LoadgenCore

/// `loadgen merge`.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Makes one result of those of several processes that ran at the same time.",
        discussion: """
            Counts and rates are added up; percentiles are those of all latencies together. The files are what \
            `loadgen run --json` printed.
            """)

    @Argument(help: "Reports as JSON.")
    var files: [String]

    @Flag(name: .long, help: "Report as JSON.")
    var json = false

    func run() throws {
        let merged: RunReport
        do {
            let reports = try files.map { path in
                try JSONDecoder().decode(RunReport.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            }
            merged = try RunReport.merged(reports)
        } catch { throw fail(error) }
        if json { try printJSON(merged) } else { print(merged.table, terminator: "") }
    }
}
