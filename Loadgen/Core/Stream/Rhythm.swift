/// How the traffic is spread over the days: quiet nights, busy evenings, and a week with its own shape.
///
/// All in whole numbers, so that a share of the events is the same on every machine.
struct Rhythm: Sendable {
    /// The length of a slice of time in milliseconds; within it arrivals are uniform.
    static let sliceMilliseconds: Int64 = 60_000
    /// Slices a day.
    static let slicesPerDay = 1440

    /// Traffic at each full hour, UTC, of a shop with customers mostly in Europe and America.
    private static let hours: [UInt64] = [
        46, 38, 31, 25, 21, 22, 30, 43, 56, 66, 73, 78, 82, 83, 84, 86, 90, 95, 100, 104, 105, 98, 81, 62,
    ]
    /// Traffic of Monday to Sunday in thousandths of an average day.
    private static let weekdays: [UInt64] = [1040, 1010, 990, 980, 960, 950, 1070]

    /// The weights of one day's slices, added up: element i is the sum of the slices before i.
    private let cumulative: [UInt64]
    private let firstWeekday: Int
    private let days: Int

    /// Creates the rhythm of so many days from the given one on.
    ///
    /// - Parameters:
    ///   - firstDay: The first day, in days since 1 January 1970.
    ///   - days: How many days, at least one.
    init(firstDay: Int, days: Int) {
        var cumulative: [UInt64] = [0]
        var sum: UInt64 = 0
        for slice in 0..<Self.slicesPerDay {
            let (hour, minute) = slice.quotientAndRemainder(dividingBy: 60)
            let from = Self.hours[hour]
            let to = Self.hours[(hour + 1) % 24]
            sum += from * UInt64(60 - minute) + to * UInt64(minute)
            cumulative.append(sum)
        }
        self.cumulative = cumulative
        // 1 January 1970 was a Thursday, the fourth day of the week from Monday.
        firstWeekday = (firstDay + 3) % 7
        self.days = days
    }

    private var dayWeight: UInt64 { cumulative[Self.slicesPerDay] }

    /// The number of slices of all days.
    var slices: Int { days * Self.slicesPerDay }

    /// The sum of the weekdays' weights before a day.
    private func weekdayWeights(before day: Int) -> UInt64 {
        let (weeks, rest) = day.quotientAndRemainder(dividingBy: 7)
        var sum = UInt64(weeks) * Self.weekdays.reduce(0, +)
        for offset in 0..<rest {
            sum += Self.weekdays[(firstWeekday + offset) % 7]
        }
        return sum
    }

    /// How many of `total` events are due before the end of a slice; all of them at the end of the last one.
    func due(afterSlice slice: Int, of total: UInt64) -> UInt64 {
        guard slice + 1 < slices else { return total }
        let (day, inDay) = (slice + 1).quotientAndRemainder(dividingBy: Self.slicesPerDay)
        let weekday = Self.weekdays[(firstWeekday + day) % 7]
        let done = weekdayWeights(before: day) * dayWeight + weekday * cumulative[inDay]
        let all = weekdayWeights(before: days) * dayWeight
        return all.dividingFullWidth(total.multipliedFullWidth(by: done)).quotient
    }
}
