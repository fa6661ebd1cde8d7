/// What a server has to answer about some events of a stream, derived from the stream alone.
package struct ExpectedAnswers: Sendable {
    /// The steps of the funnel that is asked for.
    package static let steps = ["view_item", "add_to_cart", "purchase"]
    /// Its windows in milliseconds, one so short that it cuts visits apart.
    package static let windows: [Int64] = [3_600_000, 20_000]

    /// What is expected of one site.
    package struct Site: Sendable, Equatable {
        /// Events.
        package var events = 0
        /// Distinct visitors.
        package var visitors = 0
        /// The sum of the values in cents.
        package var cents = 0
        /// For each window, visitors by how many steps they come to.
        package var funnels = [[Int]](repeating: [0, 0, 0], count: ExpectedAnswers.windows.count)
    }

    /// By site.
    package private(set) var sites: [Site]

    private struct Visit {
        var key: UInt64
        var time: Int64
        var step: UInt8
    }

    private var visits: [Visit] = []
    private var visitors: Set<UInt64> = []

    /// Nothing yet.
    package init(sites: Int) {
        self.sites = [Site](repeating: Site(), count: sites)
    }

    /// Counts an event.
    package mutating func add(_ event: IndexedStream.Event) {
        sites[event.site].events += 1
        sites[event.site].cents += event.cents ?? 0
        let key = UInt64(event.site) << 32 | UInt64(event.visitor)
        if visitors.insert(key).inserted { sites[event.site].visitors += 1 }
        guard let step = Self.steps.firstIndex(of: event.name) else { return }
        visits.append(Visit(key: key, time: event.time, step: UInt8(step)))
    }

    /// Works the funnels out, once all events have been added.
    ///
    /// - Complexity: O(n log n) in the events of the funnel's steps.
    package mutating func finish() {
        // Events at the same time may stand in whichever order makes the longer chain: earlier steps first.
        visits.sort { ($0.key, $0.time, $0.step) < ($1.key, $1.time, $1.step) }
        var start = 0
        while start < visits.count {
            var end = start
            while end < visits.count, visits[end].key == visits[start].key { end += 1 }
            for (number, window) in Self.windows.enumerated() {
                let reached = Self.longestChain(visits[start..<end], window: window)
                for step in 0..<reached { sites[Int(visits[start].key >> 32)].funnels[number][step] += 1 }
            }
            start = end
        }
        visits = []
        visitors = []
    }

    /// How many steps the longest chain within the window has.
    ///
    /// For each number of steps the latest start of a chain that has come so far is enough: a later start leaves more
    /// of the window.
    private static func longestChain(_ visits: ArraySlice<Visit>, window: Int64) -> Int {
        var starts = [Int64?](repeating: nil, count: steps.count)
        var longest = 0
        for visit in visits {
            let step = Int(visit.step)
            if step == 0 {
                starts[0] = visit.time
            } else if let start = starts[step - 1], visit.time - start <= window {
                starts[step] = max(starts[step] ?? start, start)
            } else {
                continue
            }
            longest = max(longest, step + 1)
        }
        return longest
    }
}
