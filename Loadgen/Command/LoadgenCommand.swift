import ArgumentParser
import Foundation
import LoadgenCore

/// The load generator's command line.
@main
struct LoadgenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadgen",
        abstract:
            "Makes realistic click streams, sends them to a server at a chosen rate, and proves what became of them.",
        subcommands: [GenerateCommand.self, RunCommand.self, VerifyCommand.self, MergeCommand.self, SoakCommand.self])
}

/// Writes text to standard error.
func printToStandardError(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
}

extension CivilDate: ExpressibleByArgument {
    /// Reads `YYYY-MM-DD`.
    public init?(argument: String) { self.init(argument) }

    /// How the help shows a default.
    public var defaultValueDescription: String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month))-\(two(day))"
    }
}

extension DurationText: ExpressibleByArgument {
    /// Reads `90s`, `30m`, `1h`.
    public init?(argument: String) { self.init(argument) }
}

extension TargetURL: ExpressibleByArgument {
    /// Reads `http://HOST:PORT`.
    public init?(argument: String) { self.init(argument) }
}

extension HostPort: ExpressibleByArgument {
    /// Reads `HOST:PORT`.
    public init?(argument: String) { self.init(argument, defaultPort: nil) }
}
