import Compression
import Synchronization

/// Sends files to a server: some senders, each taking the next batch, sending it, and counting the answer.
public struct Importer<Sender: RequestSender>: Sendable {
    private let options: ImportOptions
    private let sender: Sender
    private let policy: RetryPolicy
    private let pause: @Sendable (Duration) async -> Void
    private let console: Console

    /// Creates an importer.
    ///
    /// - Parameters:
    ///   - options: what to send, and where.
    ///   - sender: the way to the network.
    ///   - console: where progress and results are written.
    ///   - policy: what is done when the server pushes back.
    ///   - pause: waits; a test needs no real time.
    public init(
        options: ImportOptions, sender: Sender, console: Console, policy: RetryPolicy = RetryPolicy(),
        pause: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.options = options
        self.sender = sender
        self.console = console
        self.policy = policy
        self.pause = pause
    }

    /// Sends everything and tells the result; the first batch that cannot be delivered ends the import.
    ///
    /// An error is thrown only for what is wrong before anything was sent.
    public func run() async throws(ClientError) -> ImportTally {
        let source = try ImportSource(options)
        if options.dryRun { try await checkDryRun() }
        let state = ImportState(files: options.files)
        let progress = console.errorIsTerminal ? ProgressLine(console: console, total: source.totalBytes) : nil
        await withTaskGroup { group in
            group.addTask {
                await withTaskGroup { senders in
                    for _ in 0..<options.concurrency {
                        senders.addTask { await send(from: source, state: state) }
                    }
                }
                state.finish()
            }
            if let progress {
                group.addTask {
                    while !state.isFinished {
                        progress.show(bytes: source.bytesRead.load(ordering: .relaxed), events: state.tally.total)
                        try? await Task.sleep(for: .milliseconds(200))
                    }
                    progress.clear()
                }
            }
        }
        return state.tally
    }

    private func send(from source: ImportSource, state: ImportState) async {
        do throws(ClientError) {
            while !state.isStopping, let batch = try await source.next() {
                state.update { $0.addRejections(of: batch) }
                guard !batch.lines.isEmpty else { continue }
                if let answer = try await deliver(batch, state: state) {
                    state.update { $0.add(answer, batch: batch) }
                }
            }
        } catch {
            state.update { $0.fail(error) }
        }
    }

    /// Sends a batch until it is answered; `nil` if the import stops while it waits to be sent again.
    private func deliver(_ batch: ImportBatch, state: ImportState) async throws(ClientError) -> IngestAnswer? {
        let request = try makeRequest(batch)
        var attempt = 0
        while true {
            attempt += 1
            let response: ClientResponse
            do throws(ClientError) {
                response = try await sender.send(request)
            } catch {
                if error.kind == .unreachable {
                    throw ClientError(error.kind, "\(options.server.base) cannot be reached: \(error.message)")
                }
                throw ClientError(
                    error.kind,
                    "no answer from \(options.server.base): \(error.message). "
                        + "Whether \(Self.place(of: batch)) got there is not known")
            }
            if (200..<300).contains(response.status) {
                guard let answer = IngestAnswer(response.body) else {
                    throw ClientError(.refused, "\(options.server.base) answered something that no weir server says")
                }
                return answer
            }
            let problem = Problem(response)
            let delay =
                RetryPolicy.isRetryable(status: response.status)
                ? policy.delay(
                    attempt: attempt, retryAfter: response.retryAfter, jitter: Double.random(in: 0..<1)) : nil
            guard let delay else {
                let tries = attempt > 1 ? " after \(attempt) attempts" : ""
                throw ClientError(
                    .refused, "\(Self.place(of: batch)) was not taken\(tries): \(problem.description)")
            }
            await pause(delay)
            if state.isStopping { return nil }
        }
    }

    /// Makes sure that the server knows what a dry run is, since one that does not would store the events.
    private func checkDryRun() async throws(ClientError) {
        var request = ClientRequest(url: options.server.url("/openapi.json", parameters: []), headers: [], body: [])
        request.headers += ClientRequest.authorization(options.key)
        request.method = "GET"
        let response: ClientResponse
        do throws(ClientError) {
            response = try await sender.send(request)
        } catch {
            throw ClientError(error.kind, "\(options.server.base) cannot be reached: \(error.message)")
        }
        guard response.status == 200, String(decoding: response.body, as: UTF8.self).contains("\"dry_run\"") else {
            throw ClientError(
                .refused, "\(options.server.base) does not offer dry runs; nothing was sent, since it would be stored")
        }
    }

    private func makeRequest(_ batch: ImportBatch) throws(ClientError) -> ClientRequest {
        var parameters = [(name: "backfill", value: "true")]
        if options.dryRun { parameters.append((name: "dry_run", value: "true")) }
        if let site = options.site { parameters.append((name: "site", value: site)) }
        var headers = [(name: "Content-Type", value: "application/x-ndjson")]
        headers += ClientRequest.authorization(options.key)
        var body = batch.body
        // On the same machine compressing costs more than it saves.
        if !options.server.isLoopback {
            do {
                body = try Zstd.compress(body, level: 1)
            } catch {
                throw ClientError(.file, "a request cannot be compressed: \(error.detail)")
            }
            headers.append((name: "Content-Encoding", value: "zstd"))
        }
        return ClientRequest(
            url: options.server.url("/v1/events", parameters: parameters), headers: headers, body: body)
    }

    private static func place(of batch: ImportBatch) -> String {
        let name = batch.file == "-" ? "standard input" : Console.harmless(batch.file)
        guard let first = batch.lines.first, let last = batch.lines.last else { return name }
        return "the batch of lines \(first) to \(last) of \(name)"
    }
}

/// What the senders of one import share.
private final class ImportState: Sendable {
    private let shared: Mutex<ImportTally>
    private let finished = Atomic<Bool>(false)

    init(files: [String]) {
        shared = Mutex(ImportTally(files: files))
    }

    var tally: ImportTally { shared.withLock { $0 } }
    var isStopping: Bool { shared.withLock { $0.failure != nil } }
    var isFinished: Bool { finished.load(ordering: .acquiring) }

    func update(_ change: (inout ImportTally) -> Void) {
        shared.withLock { change(&$0) }
    }

    func finish() {
        finished.store(true, ordering: .releasing)
    }
}
