import ArgumentParser
import Client
import Queries
import Storage

/// `weir check`: verifies every stored block of a stopped store.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Verify every stored block of a stopped store.",
        discussion: """
            Reads everything and changes nothing: each block's identity, checksum and encoding, the order of rows, what
            headers and roll-ups count, and whether anything is missing or left over. A server must not have the store
            open; a backup can be checked at any time.

            Exits with 0 when nothing is wrong, with 1 and a list of what is damaged otherwise, and with 2 when the store
            cannot be opened or is in use.

            With --json: {"directory", "format", "damaged", "findings": [{"kind", "site", "bucket", "segment", "row",
            "part", "column", "chunk", "reason"}], "unlisted", "notes", "checked": {"sites", "segments", "sealed_rows",
            "parts", "log_rows", "rows_in_flight", "id_rows", "dead_letters", "erasures", "bytes"}, "seconds"}. A kind is
            block (a block cannot be read), missing, orphan, contents (blocks contradict each other), key (an unknown key)
            or database (RocksDB cannot read a file of its own).
            """)

    @Argument(help: ArgumentHelp("The store's directory, or a backup.", valueName: "dir"))
    var directory: String

    @Flag(help: "Print what was found as JSON.")
    var json = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Read no more than that a second, in MB (millions of bytes).", valueName: "MB/s"))
    var rate: Double?

    func validate() throws {
        if let rate, !(rate > 0 && rate < 1_000_000) { throw ValidationError("--rate must be a number above 0") }
    }

    func run() throws {
        var options = StoreCheck.Options()
        options.bytesPerSecond = rate.map { Int($0 * 1_000_000) }
        let began = ContinuousClock.now
        let report: StoreCheck.Report
        do throws(StorageError) {
            report = try StoreCheck.run(directory: directory, options: options)
        } catch {
            throw CommandOutput.fail(error.description, code: 2)
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        if json {
            CommandOutput.print(Self.json(report, directory: directory, seconds: seconds))
        } else {
            Self.print(report, seconds: seconds)
        }
        if !report.isClean { throw ExitCode(1) }
    }

    private static func print(_ report: StoreCheck.Report, seconds: Double) {
        let console = Console.process
        for finding in report.findings { console.printLine(Console.harmless(finding.description)) }
        if report.unlistedFindings > 0 { console.printLine("and \(report.unlistedFindings) more") }
        for note in report.notes { console.printLine("note: \(note)") }
        console.printLine("\(summary(report)) in \(rounded(seconds)) s: " + verdict(report))
    }

    /// What was looked at, in one line.
    static func summary(_ report: StoreCheck.Report) -> String {
        return
            "checked \(CommandOutput.some(report.sites, "site", "sites")), \(CommandOutput.some(report.segments, "segment", "segments")) with "
            + "\(CommandOutput.some(report.sealedRows, "event", "events")), \(CommandOutput.some(report.logRows, "log row", "log rows")) with "
            + "\(CommandOutput.some(report.rowsInFlight, "event", "events")), \(CommandOutput.size(report.bytes))"
    }

    private static func verdict(_ report: StoreCheck.Report) -> String {
        switch report.count {
        case 0: "nothing is damaged"
        case 1: "1 thing is damaged"
        default: "\(CommandOutput.count(report.count)) things are damaged"
        }
    }

    private static func rounded(_ seconds: Double) -> Double { (seconds * 100).rounded() / 100 }

    private static func json(_ report: StoreCheck.Report, directory: String, seconds: Double) -> JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        func integer(_ value: Int) -> JSONValue { .integer(Int64(value)) }
        let findings = report.findings.map { finding in
            JSONValue.object([
                ("kind", .string(finding.kind.rawValue)), ("site", text(finding.place.site)),
                ("bucket", text(finding.place.bucket)),
                ("segment", finding.place.segment.map { .integer(Int64(clamping: $0)) } ?? .null),
                ("row", text(finding.place.row)), ("part", text(finding.place.part)),
                ("column", text(finding.place.column)), ("chunk", finding.place.chunk.map(integer) ?? .null),
                ("reason", .string(finding.reason)),
            ])
        }
        return .object([
            ("directory", .string(directory)), ("format", integer(Int(report.formatVersion))),
            ("damaged", integer(report.count)), ("findings", .array(findings)),
            ("unlisted", integer(report.unlistedFindings)), ("notes", .array(report.notes.map { .string($0) })),
            (
                "checked",
                .object([
                    ("sites", integer(report.sites)), ("segments", integer(report.segments)),
                    ("sealed_rows", integer(report.sealedRows)), ("parts", integer(report.parts)),
                    ("log_rows", integer(report.logRows)), ("rows_in_flight", integer(report.rowsInFlight)),
                    ("id_rows", integer(report.idRows)), ("dead_letters", integer(report.deadLetters)),
                    ("erasures", integer(report.erasures)), ("bytes", integer(report.bytes)),
                ])
            ),
            ("seconds", .number(rounded(seconds))),
        ])
    }
}
