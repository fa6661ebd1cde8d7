import Access
import ArgumentParser
import Client
import Queries
import Storage

/// `weir key`: the keys that requests present.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make, list and revoke keys.",
        discussion: """
            A key has a scope and a site. A write key can only append events, and may be public, as those in web pages are;
            a read key can ask queries; an admin key can do everything, for its site or, without --site, for all sites.

            Keys are changed in a store's directory while no server has it open, or by asking a running server, which needs
            an admin key (--key). Where --data names the directory of a running server, that server is asked. The first key
            of a store needs none: it is made in the directory, or by asking a server on this machine.

            As soon as a site has a key, it demands keys; with an admin key of all sites, every site does. A site whose keys
            are all revoked stays closed. Changes act at once, for all connections.

            Examples:
              weir key create --scope admin --name ops
              weir key create --scope write --site shop --name "the shop's pages"
              weir key list
              weir key revoke 3f2a9c01b7d4
            """,
        subcommands: [KeyCreateCommand.self, KeyListCommand.self, KeyRevokeCommand.self])
}

/// Where keys are changed.
struct KeyTargetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store's directory (environment: WEIR_DATA; default: \(Settings.defaultData)).", valueName: "dir"))
    var data: String?

    @Option(help: "Ask this server instead (environment: WEIR_URL).")
    var url: String?

    @Option(help: "An admin key, to ask a server with (environment: WEIR_KEY).")
    var key: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if data != nil, url != nil { throw ValidationError("give --data or --url, not both") }
    }
}

/// `weir key create`.
struct KeyCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key. It is shown once and stored nowhere: keep it.",
        discussion: """
            Prints the key alone on standard output; with --json {"id", "key", "scope", "site", "name", "created",
            "revoked", "requests_per_second", "events_per_second"}.
            """)

    @Option(help: "What it is good for: write, read or admin.")
    var scope: String

    @Option(help: "The site it is for; without one, an admin key is for all sites.")
    var site: String?

    @Option(help: "What to call it.")
    var name = ""

    @Option(
        name: .long, parsing: .unconditional,
        help: "Requests a second it may make; 0 for what the settings say.")
    var requestsPerSecond = 0

    @Option(
        name: .long, parsing: .unconditional,
        help: "Events a second it may send; 0 for what the settings say.")
    var eventsPerSecond = 0

    @OptionGroup var target: KeyTargetOptions

    func run() async throws {
        guard let scope = KeyScope(name: scope) else {
            throw CommandOutput.fail("--scope must be write, read or admin", code: 2)
        }
        for (name, rate) in [("requests", requestsPerSecond), ("events", eventsPerSecond)]
        where !(0...RateLimits.most).contains(rate) {
            throw CommandOutput.fail("--\(name)-per-second must be between 0 and \(RateLimits.most)", code: 2)
        }
        let new: NewKey
        do throws(NewKey.Mistake) {
            new = try NewKey(
                scope: scope, site: site, name: name,
                limits: RateLimits(requestsPerSecond: requestsPerSecond, eventsPerSecond: eventsPerSecond))
        } catch {
            throw CommandOutput.fail("--\(error.field): \(error)", code: 2)
        }
        let made = try await KeyTarget(target).create(new)
        if target.json {
            CommandOutput.print(made.json)
        } else {
            Console.process.printError("made \(made.title); it is shown this once:")
            Console.process.printLine(made.key ?? "")
        }
    }
}

/// `weir key list`.
struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys on record, without their secrets.")

    @OptionGroup var target: KeyTargetOptions

    func run() async throws {
        let keys = try await KeyTarget(target).list()
        if target.json {
            CommandOutput.print(.object([("keys", .array(keys.map(\.json)))]))
            return
        }
        let rows = keys.map { [$0.id, $0.scope, $0.site ?? "(all)", $0.created, $0.revoked ?? "", $0.name] }
        for line in KeyTable.lines(["id", "scope", "site", "created", "revoked", "name"], rows) {
            Console.process.printLine(Console.harmless(line))
        }
    }
}

/// `weir key revoke`.
struct KeyRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a key, at once and for good. Its site goes on demanding keys.")

    @Argument(help: "The key's id, as weir key list shows it and as it stands in the key: 12 digits after weir_.")
    var id: String

    @OptionGroup var target: KeyTargetOptions

    func run() async throws {
        guard let number = KeyText.id(id) else {
            throw CommandOutput.fail("\"\(id.prefix(64))\" is no key's id: that is 12 digits from 0 to f", code: 2)
        }
        guard let shown = try await KeyTarget(target).revoke(number) else {
            throw CommandOutput.fail("there is no key \(id)", code: 1)
        }
        if target.json {
            CommandOutput.print(shown.json)
        } else {
            Console.process.printLine("revoked \(shown.title)")
        }
    }
}
