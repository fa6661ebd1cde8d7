/// The cells of a roll-up as they come: name by name, within a name in the order in which values are first met.
struct RollupCells: Sendable {
    private(set) var codes: [UInt32] = []
    private(set) var events: [UInt32] = []
    private(set) var visitors: [UInt32] = []
    /// Position of the statistics plus one, 0 for none.
    private(set) var statistics: [UInt32] = []
    /// Where each name's cells end.
    private(set) var ends: [Int] = []

    var count: Int { codes.count }

    mutating func append(_ code: UInt32, _ slot: RollupBuilder.Slot) {
        codes.append(code)
        events.append(slot.events)
        visitors.append(slot.visitors)
        statistics.append(slot.statistics)
    }

    mutating func endName() { ends.append(codes.count) }

    /// A name's cells.
    func range(ofName name: Int) -> Range<Int> { (name == 0 ? 0 : ends[name - 1])..<ends[name] }

    /// All values added up by name.
    func totals(_ visitorsOfName: [UInt32], _ numbers: [RollupBlock.Statistics]) -> RollupTotals {
        var totals = RollupTotals()
        for name in ends.indices {
            var total = RollupTotals.Name()
            total.visitors = Int(visitorsOfName[name])
            for cell in range(ofName: name) {
                total.events += Int(events[cell])
                guard statistics[cell] > 0 else { continue }
                let more = numbers[Int(statistics[cell]) - 1]
                total.values += Int(more.count)
                total.sum.add(more.sum)
                total.minimum = min(total.minimum, more.minimum)
                total.maximum = max(total.maximum, more.maximum)
            }
            totals.names.append(total)
        }
        return totals
    }
}
