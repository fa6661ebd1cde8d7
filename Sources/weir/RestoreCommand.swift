import ArgumentParser
import Client
import Events
import Queries
import Storage

/// `weir restore`: turns a backup into a store that a server can use.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Copy a backup to where a server can use it, after checking it.",
        discussion: """
            Every block of the backup is verified first, as weir check does it; a damaged backup is not restored. The
            directory comes into being complete or not at all, and is never one that holds anything already.

            Example: weir restore /backups/weir-monday ./weir-data && weir serve --data ./weir-data
            """)

    @Argument(help: ArgumentHelp("What weir backup has made.", valueName: "from"))
    var backup: String

    @Argument(help: ArgumentHelp("The store's directory: must not exist yet, or be empty.", valueName: "dir"))
    var directory: String

    func validate() throws { try CommandOutput.require(path: directory) }

    @Flag(help: "Print what was restored as JSON.")
    var json = false

    func run() throws {
        let restored: Store.Restored
        do throws(BackupError) {
            restored = try Store.restore(from: backup, to: CommandOutput.absolute(directory))
        } catch {
            throw CommandOutput.fail(error.description, code: 1)
        }
        let report = restored.report
        if json {
            func integer(_ value: Int) -> JSONValue { .integer(Int64(value)) }
            CommandOutput.print(
                .object([
                    ("to", .string(restored.copy.path)), ("files", integer(restored.copy.files)),
                    ("bytes", integer(restored.copy.bytes)), ("sites", integer(report.sites)),
                    ("segments", integer(report.segments)), ("sealed_rows", integer(report.sealedRows)),
                    ("rows_in_flight", integer(report.rowsInFlight)),
                ]))
        } else {
            Console.process.printLine(
                "restored to \(restored.copy.path): \(CommandOutput.some(report.sites, "site", "sites")), "
                    + "\(CommandOutput.count(report.sealedRows + report.rowsInFlight)) events in "
                    + "\(CommandOutput.count(report.segments)) segments and \(CommandOutput.count(report.logRows)) log rows, "
                    + "\(CommandOutput.count(restored.copy.files)) files, \(CommandOutput.size(restored.copy.bytes))")
        }
    }
}
