/// Everything `weir query` is told, as texts of the command line.
public struct QueryOptions: Sendable {
    /// `aggregate`, `timeseries`, `top`, …; kinds this client does not know are the server's to judge.
    public var kind: String
    /// `--url`.
    public var url: String?
    /// `--site`.
    public var site: String?
    /// `--key`.
    public var key: String?
    /// `--by`: dimensions, separated by commas.
    public var by: String?
    /// `--metrics`, separated by commas.
    public var metrics: String?
    /// `--last`: a duration.
    public var last: String?
    /// `--range`: a name such as `today`.
    public var range: String?
    /// `--from`: a time.
    public var from: String?
    /// `--to`: a time.
    public var to: String?
    /// `--timezone`.
    public var timezone: String?
    /// `--where`, each of which must hold.
    public var filters: [String] = []
    /// `--event`: short for `--where 'event is …'`.
    public var event: String?
    /// `--limit`.
    public var limit: Int?
    /// `--offset`.
    public var offset: Int?
    /// `--order-by`: a metric.
    public var orderBy: String?
    /// `--order`: `asc` or `desc`.
    public var order: String?
    /// `--having`, each of which must hold.
    public var having: [String] = []
    /// `--other`.
    public var other = false
    /// `--series`: an interval.
    public var series: String?
    /// `--approximate`.
    public var approximate = false
    /// `--compare`: `previous`.
    public var compare: String?
    /// `--interval`.
    public var interval: String?
    /// `--steps`: event names separated by commas, or the JSON array.
    public var steps: String?
    /// `--window`: a duration.
    public var window: String?
    /// `--count`: `visitors` or `sessions`.
    public var count: String?
    /// `--start`: an event's name or the API's JSON object.
    public var start: String?
    /// `--return`: an event's name or the API's JSON object.
    public var comeback: String?
    /// `--end`: an event's name or the API's JSON object.
    public var end: String?
    /// `--intervals`: how many of them a cohort is followed.
    public var intervals: Int?
    /// `--mode`: `on` or `on_or_after`.
    public var mode: String?
    /// `--cohorts`: `first` or `every`.
    public var cohorts: String?
    /// `--depth`: nodes of a path.
    public var depth: Int?
    /// `--keep-repeats`.
    public var keepsRepeats = false
    /// `--dim`: a dimension.
    public var dim: String?
    /// `--prefix`.
    public var prefix: String?
    /// `--cursor`.
    public var cursor: String?
    /// `--body`: the JSON itself, `@FILE`, or `-` for standard input; other flags change its members.
    public var body: String?
    /// `--json`.
    public var json = false
    /// `--table`.
    public var table = false

    /// Creates options without any flag.
    public init(kind: String) {
        self.kind = kind
    }
}
