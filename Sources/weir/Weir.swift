import ArgumentParser

/// The `weir` command.
@main
struct Weir: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir",
        abstract: "A clickstream analytics store.",
        subcommands: [
            ServeCommand.self, ImportCommand.self, QueryCommand.self, KeyCommand.self, CheckCommand.self,
            BackupCommand.self, RestoreCommand.self, StatsCommand.self,
        ])
}
