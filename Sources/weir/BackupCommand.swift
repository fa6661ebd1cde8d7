import ArgumentParser
import Client
import Queries
import Storage

/// `weir backup`: copies a store, stopped or running.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy a store consistently, also while a server has it open.",
        discussion: """
            The copy holds every event that was acknowledged before the command began. Where a server has the store open,
            it is asked to make the copy, and goes on taking events and answering queries meanwhile. On the same disk the
            files are linked rather than copied: that takes almost no time and space, and protects against mistakes but
            not against the loss of the disk.

            A backup is a directory that weir check, weir stats and weir restore understand.

            Example: weir backup ./weir-data /backups/weir-monday
            """)

    @Argument(help: ArgumentHelp("The store's directory.", valueName: "dir"))
    var directory: String

    @Argument(
        help: ArgumentHelp(
            "Where the copy is to be: a directory that does not exist yet, or is empty.", valueName: "to"))
    var target: String

    func validate() throws { try CommandOutput.require(path: target) }

    @Option(help: "An admin key of all sites, for a running server that demands one (environment: WEIR_KEY).")
    var key: String?

    @Flag(help: "Print what was copied as JSON.")
    var json = false

    func run() async throws {
        let target = CommandOutput.absolute(target)
        switch ServerFile.holder(of: directory) {
        case .none:
            do throws(BackupError) {
                let outcome = try Store.backup(stopped: directory, to: target)
                report(path: outcome.path, files: outcome.files, bytes: outcome.bytes)
            } catch {
                throw CommandOutput.fail(error.description, code: 1)
            }
        case .server(let server): try await ask(server, target: target)
        case .process(let process):
            throw CommandOutput.fail(
                "The process \(process) has \(directory) open and has not said where it can be asked; if it is a server "
                    + "that is starting, try again in a moment.", code: 1)
        }
    }

    private func ask(_ server: ServerFile, target: String) async throws {
        let transport = HTTPTransport(connections: 1, timeoutSeconds: 24 * 3600)
        let answer: Result<JSONNode, ClientError>
        do throws(ClientError) {
            answer = .success(try await ask(server, target: target, sender: transport))
        } catch {
            answer = .failure(error)
        }
        await transport.shutdown()
        switch answer {
        case .success(let node):
            report(
                path: node["to"]?.text ?? target, files: node["files"]?.integer ?? 0, bytes: node["bytes"]?.integer ?? 0
            )
        case .failure(let error):
            throw CommandOutput.fail(
                "The server \(server.http), process \(server.process), made no backup: \(error.message)", code: 1)
        }
    }

    private func ask(
        _ server: ServerFile, target: String, sender: some RequestSender
    ) async throws(ClientError) -> JSONNode {
        var writer = JSONWriter()
        writer.value(.object([("to", .string(target))]))
        let request = ClientRequest(
            url: try ServerAddress(server.http).url("/v1/admin/backup"),
            headers: [(name: "Content-Type", value: "application/json")]
                + ClientRequest.authorization(key ?? ClientEnvironment.process.key), body: writer.bytes)
        let response = try await sender.send(request)
        guard response.status == 200 else { throw ClientError(.refused, Problem(response).description) }
        guard let node = try? JSONNode(parsing: response.body) else {
            throw ClientError(.refused, "its answer is no JSON")
        }
        return node
    }

    private func report(path: String, files: Int, bytes: Int) {
        if json {
            CommandOutput.print(
                .object([("to", .string(path)), ("files", .integer(Int64(files))), ("bytes", .integer(Int64(bytes)))]))
        } else {
            Console.process.printLine(
                "backed up to \(path): \(CommandOutput.count(files)) files, \(CommandOutput.size(bytes))")
        }
    }
}
