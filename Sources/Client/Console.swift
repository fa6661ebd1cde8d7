import Glibc

/// The standard streams, as values, so that a test can take their place.
public struct Console: Sendable {
    /// Writes bytes to standard output.
    public var output: @Sendable ([UInt8]) -> Void
    /// Writes bytes to standard error.
    public var error: @Sendable ([UInt8]) -> Void
    /// Whether standard output is a terminal.
    public var outputIsTerminal: Bool
    /// Whether standard error is a terminal.
    public var errorIsTerminal: Bool

    /// Creates a console from its parts.
    public init(
        output: @escaping @Sendable ([UInt8]) -> Void, error: @escaping @Sendable ([UInt8]) -> Void,
        outputIsTerminal: Bool, errorIsTerminal: Bool
    ) {
        self.output = output
        self.error = error
        self.outputIsTerminal = outputIsTerminal
        self.errorIsTerminal = errorIsTerminal
    }

    /// The process's own streams, unbuffered.
    public static var process: Console {
        Console(
            output: { writeAll($0, to: STDOUT_FILENO) }, error: { writeAll($0, to: STDERR_FILENO) },
            outputIsTerminal: isatty(STDOUT_FILENO) == 1, errorIsTerminal: isatty(STDERR_FILENO) == 1)
    }

    /// Writes a line to standard output.
    public func printLine(_ text: String) {
        output(Array(text.utf8) + [0x0a])
    }

    /// Writes a line to standard error.
    public func printError(_ text: String) {
        error(Array(text.utf8) + [0x0a])
    }

    /// Writes `text` with every control character replaced, so that data cannot steer the terminal.
    public static func harmless(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
            default: false
            }
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isControl(scalar) ? "\u{fffd}" : scalar) }
        return String(result)
    }
}

/// Writes everything, over short writes and interruptions; a closed stream ends the attempt quietly.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    var position = 0
    while position < bytes.count {
        let written = bytes.withUnsafeBytes { raw in
            write(descriptor, raw.baseAddress.map { $0 + position }, raw.count - position)
        }
        if written > 0 {
            position += written
        } else if errno != EINTR {
            return
        }
    }
}
