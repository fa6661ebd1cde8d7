/// The end of an import in words or as JSON.
public struct ImportReport: Sendable {
    /// What became of the events.
    public var tally: ImportTally
    /// How long it took.
    public var seconds: Double
    /// Whether nothing was stored.
    public var isDryRun = false

    /// Creates a report.
    public init(tally: ImportTally, seconds: Double, isDryRun: Bool = false) {
        self.tally = tally
        self.seconds = seconds
        self.isDryRun = isDryRun
    }

    /// The counts on one line.
    public var summary: String {
        let rate = seconds > 0 ? Int(Double(tally.total) / seconds) : 0
        let tenths = Int(seconds * 10)
        let skipped = tally.skipped > 0 ? ", left out \(tally.skipped)" : ""
        return (isDryRun ? "nothing stored; it would be: " : "")
            + "accepted \(tally.accepted), duplicate \(tally.duplicate), rejected \(tally.rejected)\(skipped)"
            + " in \(tenths / 10).\(tenths % 10) s (\(rate) events/s)"
    }

    /// The first rejections, one a line, with the file and line they come from.
    public var rejections: [String] {
        guard !tally.rejections.isEmpty else { return [] }
        let more = tally.rejected > tally.rejections.count
        let title = more ? "rejected, the first \(tally.rejections.count) of \(tally.rejected):" : "rejected:"
        return [title]
            + tally.rejections.map { rejection in
                let line = rejection.line.map { ":\($0)" } ?? ""
                let detail = rejection.detail.isEmpty ? "" : ": \(rejection.detail)"
                return Console.harmless("  \(rejection.file)\(line): \(rejection.code)\(detail)")
            }
    }

    /// The same as one JSON object; `delivered` is false when a batch or a file was left out.
    public var json: JSONNode {
        var node = JSONNode.object([
            JSONMember("accepted", .number(String(tally.accepted))),
            JSONMember("duplicate", .number(String(tally.duplicate))),
            JSONMember("rejected", .number(String(tally.rejected))),
            JSONMember("seconds", .number(String(Double(Int(seconds * 1000)) / 1000))),
            JSONMember("delivered", .bool(tally.failure == nil)),
            JSONMember("errors", .array(tally.rejections.map { Self.json($0) })),
        ])
        if isDryRun { node.set("dry_run", .bool(true)) }
        if tally.skipped > 0 { node.set("skipped", .number(String(tally.skipped))) }
        if let failure = tally.failure { node.set("failure", .string(failure.message)) }
        return node
    }

    private static func json(_ rejection: ImportRejection) -> JSONNode {
        .object([
            JSONMember("file", .string(rejection.file)),
            JSONMember("line", rejection.line.map { .number(String($0)) } ?? .null),
            JSONMember("code", .string(rejection.code)),
            JSONMember("detail", .string(rejection.detail)),
        ])
    }
}
