/// `funnel`: how many visitors get how far along a sequence of steps.
public struct FunnelQuery: Sendable, Equatable {
    /// In which order a chain takes the steps.
    public enum Order: String, CaseIterable, Sendable {
        case sequential
        case strictOrder = "strict_order"
        case anyOrder = "any_order"
    }

    /// Which of a visitor's chains count.
    public enum Attempt: String, CaseIterable, Sendable {
        case best
        case first
    }

    /// What is counted.
    public enum Count: String, CaseIterable, Sendable {
        case visitors
        case sessions
        case attempts
    }

    /// At which event of the chain the value of `by` is read.
    public enum Attribution: Sendable, Equatable {
        case first
        case last
        /// At the step with this number, from 1.
        case step(Int)
    }

    /// What queries of every kind have.
    public var common: CommonQuery
    /// One to 32.
    public var steps: [FunnelStep]
    /// The longest time from a chain's first to its last event, inclusive, in milliseconds; up to `Int64.max`.
    public var windowMs: Int64
    /// Whether each event must be later than the one before.
    public var strictIncrease: Bool
    /// In which order a chain takes the steps.
    public var order: Order
    /// Which of a visitor's chains count.
    public var attempt: Attempt
    /// What is counted.
    public var count: Count
    /// Dimensions that keep one value along the chain.
    public var same: [Dimension]
    /// Events that must not come between two steps.
    public var exclude: [FunnelExclusion]
    /// Dimensions to split by; empty for none.
    public var by: [Dimension]
    /// At which event of the chain the value of `by` is read.
    public var attribution: Attribution
    /// How many keys of `by` are shown.
    public var limit: Int
    /// The interval for a funnel each; `nil` for one funnel.
    public var interval: Interval?
    /// What is told about the time to convert; `nil` for nothing.
    public var timeToConvert: TimeToConvert?

    public init(
        common: CommonQuery, steps: [FunnelStep], windowMs: Int64 = FunnelQuery.defaultWindowMs,
        strictIncrease: Bool = false, order: Order = .sequential, attempt: Attempt = .best, count: Count = .visitors,
        same: [Dimension] = [], exclude: [FunnelExclusion] = [], by: [Dimension] = [],
        attribution: Attribution = .first, limit: Int = 10, interval: Interval? = nil,
        timeToConvert: TimeToConvert? = nil
    ) {
        self.common = common
        self.steps = steps
        self.windowMs = windowMs
        self.strictIncrease = strictIncrease
        self.order = order
        self.attempt = attempt
        self.count = count
        self.same = same
        self.exclude = exclude
        self.by = by
        self.attribution = attribution
        self.limit = limit
        self.interval = interval
        self.timeToConvert = timeToConvert
    }

    /// The window of a funnel that names none: seven days, in milliseconds.
    public static let defaultWindowMs: Int64 = 7 * 24 * 3_600_000
}

/// One step of a funnel: an event takes it when any of the alternatives matches.
public struct FunnelStep: Sendable, Equatable {
    /// At least one.
    public var alternatives: [StepMatch]
    /// The longest time since the step before, inclusive, in milliseconds.
    public var withinMs: Int64?
    /// Whether a chain may leave the step out.
    public var optional: Bool

    public init(alternatives: [StepMatch], withinMs: Int64? = nil, optional: Bool = false) {
        self.alternatives = alternatives
        self.withinMs = withinMs
        self.optional = optional
    }

    /// The event's name when the step has a single alternative that names one; what answers show.
    public var label: String? {
        alternatives.count == 1 ? alternatives[0].event : nil
    }
}

/// What an event must be like: its name, a filter, or both. At least one of the two is there.
public struct StepMatch: Sendable, Equatable {
    /// The name; `nil` for any.
    public var event: String?
    /// What else must hold; `nil` for nothing.
    public var filter: Filter?

    public init(event: String?, filter: Filter? = nil) {
        self.event = event
        self.filter = filter
    }
}

/// An event that must not come between two steps.
public struct FunnelExclusion: Sendable, Equatable {
    /// What such an event does.
    public enum Policy: String, CaseIterable, Sendable {
        /// The chain may not pass over it.
        case stop
        /// The visitor counts for no step.
        case drop
    }

    /// Which events these are.
    public var match: StepMatch
    /// The number of the step, from 1, after which the event matters.
    public var after: Int
    /// The number of the later step before which it does.
    public var before: Int
    /// What it does there.
    public var policy: Policy
}

/// What is told about the time from the first to the last step.
public struct TimeToConvert: Sendable, Equatable {
    /// In percent, 0 to 100.
    public var percentiles: [Double]
    /// How many bars the histogram has; 0 for none.
    public var bins: Int
}
