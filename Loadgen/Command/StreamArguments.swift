import ArgumentParser
import Foundation
import LoadgenCore

/// What the stream is made of: shared by the commands that make one.
struct StreamArguments: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Stream, faults, schedule and form of a scenario; see Loadgen/scenarios.", valueName: "file"))
    var scenario: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The seed of the generated events; another one each time if left out.", valueName: "number"))
    var seed: UInt64?

    @Option(name: .long, help: ArgumentHelp("The population of the generated events (100000).", valueName: "count"))
    var visitors: Int?

    @Option(name: .long, help: "The site of the events; for a file, of those that name none.")
    var site: String?

    @Option(
        name: .long,
        help: ArgumentHelp("When the stream begins, in Unix milliseconds; now if left out.", valueName: "time"))
    var origin: Int64?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A rate that changes: RATE@TIME or FROM-TO@TIME, with commas between, such as 100@30s,100-1000@1m.",
            valueName: "schedule"))
    var schedule: String?

    /// The scenario, if there is one.
    func readScenario() throws -> Scenario? {
        do { return try scenario.map { path throws(ScenarioError) in try Scenario.read(path) } } catch {
            throw ValidationError("\(scenario ?? ""): \(error.description)")
        }
    }

    /// The schedule as it was typed.
    func readSchedule() throws -> RateSchedule? {
        guard let schedule else { return nil }
        guard let read = RateSchedule(schedule) else {
            throw ValidationError("A schedule is written like 100@30s,100-1000@1m, not '\(schedule)'.")
        }
        return read
    }

    /// The seed, or one made up.
    var chosenSeed: UInt64 { seed ?? UInt64.random(in: 1...999_999_999) }

    /// Puts what was said over a stream's own options.
    func apply(to stream: inout StreamOptions) {
        if let visitors { stream.visitors = visitors }
        if let site { stream.site = site }
        if let origin { stream.origin = origin }
    }
}

/// Ends the command with a reason on standard error.
func fail(_ error: any Error) -> any Error {
    if let error = error as? GeneratorError { return ValidationError("\(error).") }
    if case .invalidOption(let reason)? = error as? RunError { return ValidationError("\(reason).") }
    if error is ValidationError || error is ExitCode { return error }
    printToStandardError("loadgen: \(error)\n")
    return ExitCode.failure
}

/// Prints a result as one line of JSON.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Header fields as they are typed.
func headerFields(_ texts: [String]) -> [(name: String, value: String)] {
    texts.compactMap { text in
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        return (name: String(text[..<colon]), value: value)
    }
}

extension ReplayFormat: ExpressibleByArgument {}
