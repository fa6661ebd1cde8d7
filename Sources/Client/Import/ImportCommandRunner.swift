/// `weir import` from its options to its exit code.
public enum ImportCommandRunner {
    /// Sends the files and prints the result.
    ///
    /// Counts go to standard output, everything else to standard error.
    ///
    /// - Returns: 0 when every batch was answered, even if events were rejected, else 1.
    public static func run(_ options: ImportOptions, console: Console = .process) async -> Int32 {
        let transport = HTTPTransport(connections: options.concurrency, timeoutSeconds: 300)
        let code = await run(options, sender: transport, console: console)
        await transport.shutdown()
        return code
    }

    /// As ``run(_:console:)``, over another way to the network.
    public static func run(
        _ options: ImportOptions, sender: some RequestSender, console: Console
    ) async -> Int32 {
        let start = ContinuousClock.now
        let tally: ImportTally
        do throws(ClientError) {
            tally = try await Importer(options: options, sender: sender, console: console).run()
        } catch {
            console.printError("error: \(error.message)")
            return 1
        }
        let report = ImportReport(
            tally: tally, seconds: start.duration(to: .now) / .seconds(1), isDryRun: options.dryRun)
        if options.json {
            console.output(report.json.encoded + [UInt8(ascii: "\n")])
        } else {
            for line in report.rejections { console.printError(line) }
            console.printLine(report.summary)
        }
        if let failure = tally.failure {
            console.printError("error: \(failure.message)")
            return 1
        }
        return 0
    }
}
