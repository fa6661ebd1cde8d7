import Events

/// A number an event can carry: the field `value`, or a property whose text reads as a number.
public enum Measure: Hashable, Sendable {
    case value
    /// A property, by its name without the prefix `props.`.
    case property(String)

    /// The name in queries and answers.
    public var name: String {
        switch self {
        case .value: Field.value.rawValue
        case .property(let name): Field.propertyPrefix + name
        }
    }

    /// The measure as a dimension.
    public var dimension: Dimension {
        switch self {
        case .value: .field(.value)
        case .property(let name): .property(name)
        }
    }

    /// As for dimensions, properties are told apart by the bytes of their names.
    public static func == (left: Measure, right: Measure) -> Bool {
        left.dimension == right.dimension
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(dimension)
    }
}

/// A number that a query asks for.
public enum Metric: Hashable, Sendable {
    /// How many events.
    case events
    /// How many different visitors.
    case visitors
    /// How many sessions with at least one of the events.
    case sessions
    /// How many events named `page_view`.
    case pageviews
    case sum(Measure)
    case average(Measure)
    case minimum(Measure)
    case maximum(Measure)
    /// The value below which this share of the measures lies, in percent from 0 to 100.
    case percentile(Double, Measure)
    case eventsPerVisitor
    /// The share of sessions with one page view and nothing after it.
    case bounceRate
    /// The mean time from a session's first to its last event, in milliseconds.
    case sessionDuration

    /// The name in queries and answers, such as `events`, `sum:value` or `p99.9:props.load_ms`.
    ///
    /// The percentile stands in its shortest form: `p50.0:value` is answered as `p50:value`.
    public var name: String {
        switch self {
        case .events: "events"
        case .visitors: "visitors"
        case .sessions: "sessions"
        case .pageviews: "pageviews"
        case .sum(let measure): "sum:" + measure.name
        case .average(let measure): "avg:" + measure.name
        case .minimum(let measure): "min:" + measure.name
        case .maximum(let measure): "max:" + measure.name
        case .percentile(let percent, let measure): "p" + NumberText.canonical(percent) + ":" + measure.name
        case .eventsPerVisitor: "events_per_visitor"
        case .bounceRate: "bounce_rate"
        case .sessionDuration: "session_duration"
        }
    }

    /// The measure that the metric is taken of, if any.
    public var measure: Measure? {
        switch self {
        case .sum(let measure), .average(let measure), .minimum(let measure), .maximum(let measure),
            .percentile(_, let measure):
            measure
        default: nil
        }
    }

    private static let plain: [Metric] = [
        .events, .visitors, .sessions, .pageviews, .eventsPerVisitor, .bounceRate, .sessionDuration,
    ]

    /// Reads a metric from its name.
    ///
    /// - Parameter path: The place in the query, for the message.
    public init(_ text: String, path: String) throws(QueryError) {
        if let metric = Metric.plain.first(where: { $0.name == text }) {
            self = metric
            return
        }
        guard let colon = text.firstIndex(of: ":") else {
            let known = Metric.plain.map(\.name) + ["sum:value", "avg:value", "min:value", "max:value", "p95:value"]
            throw QueryError(
                .unknownMetric,
                "`\(path)`: there is no metric \(ShownText.quoted(text))\(NearestName.hint(for: text, among: known)). "
                    + "There are \(known.joined(separator: ", ")) and the like", field: path)
        }
        let function = text[..<colon]
        let measure = try Measure(String(text[text.index(after: colon)...]), path: path)
        switch function {
        case "sum": self = .sum(measure)
        case "avg": self = .average(measure)
        case "min": self = .minimum(measure)
        case "max": self = .maximum(measure)
        default:
            guard function.first == "p", let digit = function.dropFirst().utf8.first, digit >= UInt8(ascii: "0"),
                digit <= UInt8(ascii: "9"), let percent = NumberText.parse(String(function.dropFirst()))
            else {
                throw QueryError(
                    .unknownMetric,
                    "`\(path)`: there is no metric \(ShownText.quoted(text)). "
                        + "Before the colon stands sum, avg, min, max or a percentile such as p95", field: path)
            }
            guard percent >= 0, percent <= 100 else {
                throw QueryError(.unknownMetric, "`\(path)`: a percentile lies between p0 and p100", field: path)
            }
            self = .percentile(percent, measure)
        }
    }
}

extension Measure {
    fileprivate init(_ text: String, path: String) throws(QueryError) {
        switch try? Dimension(text, path: path) {
        case .field(.value): self = .value
        case .property(let name): self = .property(name)
        default:
            throw QueryError(
                .unknownMetric,
                "`\(path)`: \(ShownText.quoted(text)) is no measure. "
                    + "After the colon stands `value` or a property as `props.NAME`", field: path)
        }
    }
}
