import ArgumentParser
import Client
import Foundation
import Queries

/// What the commands that look at a directory have in common: where they print, and how they end.
enum CommandOutput {
    /// Ends with a message on standard error.
    static func fail(_ message: String, code: Int32) -> ExitCode {
        Console.process.printError("error: \(Console.harmless(message))")
        return ExitCode(code)
    }

    /// Prints a JSON document.
    static func print(_ value: JSONValue) {
        var writer = JSONWriter(reserving: 4096)
        writer.value(value)
        Console.process.output(writer.bytes + [0x0a])
    }

    /// Refuses the empty path, which would stand for the current directory: a variable of a script may not be set.
    static func require(path: String) throws {
        if path.isEmpty { throw ValidationError("the target must not be empty") }
    }

    /// The path as the server, which runs elsewhere, would have to write it.
    static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// Bytes in a unit that leaves three digits or so: `12.3 MB`.
    static func size(_ bytes: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        var amount = Double(bytes)
        var unit = 0
        while amount >= 999.95, unit < units.count - 1 {
            amount /= 1000
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : String(format: "%.1f %@", amount, units[unit])
    }

    /// A number with the word for what it counts.
    static func some(_ number: Int, _ one: String, _ many: String) -> String {
        "\(count(number)) \(number == 1 ? one : many)"
    }

    /// A number with its thousands apart.
    static func count(_ number: Int) -> String {
        var digits = String(abs(number))
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = String(digits.dropLast(3))
        }
        return (number < 0 ? "-" : "") + ([digits[...]] + groups).joined(separator: ",")
    }
}
