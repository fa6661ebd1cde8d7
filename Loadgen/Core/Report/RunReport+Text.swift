extension RunReport {
    /// The report as a table for people, with a newline at its end.
    public var table: String {
        var rows: [(String, String)] = [("target", target)]
        if let seed { rows.append(("seed", "\(seed)")) }
        let warmup = warmupSeconds > 0 ? " (the first \(Self.decimal(warmupSeconds, digits: 1)) s not measured)" : ""
        rows.append(("elapsed", Self.decimal(elapsedSeconds, digits: 2) + " s" + warmup))
        rows.append(
            ("requests", Self.grouped(requests) + (retries > 0 ? " (\(Self.grouped(retries)) sent again)" : "")))
        rows.append(("events sent", Self.grouped(eventsSent)))
        if !target.hasPrefix("udp:") {
            rows.append(("  accepted", Self.grouped(accepted)))
            rows.append(("  duplicate", Self.grouped(duplicate)))
            rows.append(("  rejected", Self.grouped(rejected)))
            if failed > 0 { rows.append(("  failed", Self.grouped(failed))) }
            if unanswered > 0 { rows.append(("  unanswered", Self.grouped(unanswered))) }
        }
        if unsent > 0 { rows.append(("events not sent in time", Self.grouped(unsent))) }
        for (kind, count) in errors.sorted(by: { $0.key < $1.key }) {
            rows.append((Int(kind) == nil ? "\(kind) errors" : "HTTP \(kind)", Self.grouped(count)))
        }
        if let firstError { rows.append(("first error", firstError)) }
        rows.append(("events/s", Self.grouped(Int(eventsPerSecond))))
        rows.append(("MB/s", Self.decimal(megabytesPerSecond, digits: 1)))
        if let latency = latencyMilliseconds { rows += latency.rows("latency") }
        if let queries {
            rows.append(("queries", Self.grouped(queries.requests)))
            if queries.failed > 0 { rows.append(("  failed", Self.grouped(queries.failed))) }
            for (kind, count) in queries.errors.sorted(by: { $0.key < $1.key }) {
                rows.append((Int(kind) == nil ? "  \(kind) errors" : "  HTTP \(kind)", Self.grouped(count)))
            }
            if let firstError = queries.firstError { rows.append(("  first error", firstError)) }
            if let latency = queries.latencyMilliseconds { rows += latency.rows("query") }
        }
        if let failure { rows.append(("ended early", failure)) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value + "\n"
        }.joined()
    }

    /// A number with its digits in groups of three.
    static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
            index -= 3
        }
        return digits
    }

    /// A number, not negative, with so many decimals.
    static func decimal(_ number: Double, digits: Int) -> String {
        let scale = (0..<digits).reduce(1) { product, _ in product * 10 }
        let scaled = Int((number * Double(scale)).rounded())
        guard digits > 0 else { return String(scaled) }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
