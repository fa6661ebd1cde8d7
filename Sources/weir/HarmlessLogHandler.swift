import Client
import Logging

/// Writes the log to standard error with every control character escaped and every text cut to a length: whatever a client
/// or a file makes the server say stays one line, and steers no terminal.
struct HarmlessLogHandler: LogHandler {
    /// Characters of a message, and of one value, that are written.
    static let longest = 4096

    private var inner: StreamLogHandler

    init(label: String) { inner = StreamLogHandler.standardError(label: label) }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var harmless = event
        harmless.message = Logger.Message(stringLiteral: Self.harmless(event.message.description))
        harmless.metadata = event.metadata?.mapValues { .string(Self.harmless($0.description)) }
        inner.log(event: harmless)
    }

    /// A text as it may stand in a log.
    static func harmless(_ text: String) -> String {
        let cut = text.unicodeScalars.prefix(longest + 1)
        guard cut.count > longest else { return Console.harmless(text) }
        return Console.harmless(String(String.UnicodeScalarView(cut.prefix(longest)))) + "…"
    }
}
