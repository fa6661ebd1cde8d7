/// Finds what was probably meant when a name is not known.
enum NearestName {
    /// ` (did you mean "country"?)`, or nothing when no known name is close.
    static func hint(for name: String, among known: [String]) -> String {
        guard let nearest = nearest(to: name, among: known) else { return "" }
        return " (did you mean \"\(nearest)\"?)"
    }

    /// The known name with the fewest edits, when these are at most a third of the name's length and one more.
    static func nearest(to name: String, among known: [String]) -> String? {
        let bytes = Array(name.lowercased().utf8.prefix(64))
        var best: (name: String, distance: Int)?
        for candidate in known {
            let distance = edits(from: bytes, to: Array(candidate.utf8))
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        guard let best, best.distance <= min(bytes.count, best.name.utf8.count) / 3 + 1,
            best.distance < best.name.utf8.count
        else { return nil }
        return best.name
    }

    private static func edits(from left: [UInt8], to right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
