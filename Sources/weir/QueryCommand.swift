import ArgumentParser
import Client

/// `weir query`: the query API from a shell.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask a running server: a table on a terminal, JSON elsewhere.",
        discussion: """
            Kinds: aggregate, timeseries, top, funnel, retention, paths, sessions, events, values, schema.

            A filter is DIM OP VALUE[,VALUE…] with one of the operators is, is_not, contains, starts_with, ends_with,
            matches, exists, gt, gte, lt, lte. A value with a comma stands in double quotes; null is a missing value.
            Dimensions are the fields of an event, host, path, source, browser and the like, and props.NAME.

            Examples:
              weir query top --by path,country --metrics events,visitors --last 24h
              weir query timeseries --interval day --range 30d --where 'country is DE,FR'
              weir query funnel --steps view_item,add_to_cart,purchase --window 1h --by country
              weir query retention --start signup --return page_view --interval week --intervals 6
              weir query paths --start page_view --by path --depth 3
              weir query sessions --range 7d
              weir query events --event purchase --limit 20
            """)

    @Argument(help: "What to ask for.")
    var kind: String

    @Option(help: "The server's address (environment: WEIR_URL; default: \(ClientEnvironment.defaultURL)).")
    var url: String?

    @Option(help: "The site (environment: WEIR_SITE; the server's default: default).")
    var site: String?

    @Option(help: "A key that may read (environment: WEIR_KEY).")
    var key: String?

    @Option(help: "Dimensions to group by, separated by commas.")
    var by: String?

    @Option(help: "Metrics, separated by commas: events, visitors, sessions, pageviews, sum:value, p95:value, …")
    var metrics: String?

    @Option(help: "The time up to now: 90s, 30m, 24h, 7d.")
    var last: String?

    @Option(help: "A named time: today, yesterday, 7d, 30d, month, all.")
    var range: String?

    @Option(help: "The first moment: RFC 3339 or Unix milliseconds.")
    var from: String?

    @Option(help: "The moment after the last: RFC 3339 or Unix milliseconds.")
    var to: String?

    @Option(help: "The time zone of days and of the times shown, such as Europe/Berlin.")
    var timezone: String?

    @Option(
        name: .customLong("where"), parsing: .singleValue,
        help: ArgumentHelp("A filter, such as 'country is DE,FR'; repeated ones must all hold.", valueName: "filter"))
    var filters: [String] = []

    @Option(help: "Only events of this name.")
    var event: String?

    @Option(help: "Rows to show.")
    var limit: Int?

    @Option(help: "Rows to skip.")
    var offset: Int?

    @Option(help: "The metric that orders the rows.")
    var orderBy: String?

    @Option(help: "The direction of that order: desc or asc.")
    var order: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A condition on the rows, such as 'events gte 5'; repeated ones must all hold.", valueName: "condition"))
    var having: [String] = []

    @Flag(help: "Sum up what is not shown.")
    var other = false

    @Option(help: "With --json: a time series for each row, by minute, hour, day, week or month.")
    var series: String?

    @Flag(help: "Let visitors be estimated where that is quicker; each row says how closely.")
    var approximate = false

    @Option(help: "previous: the time before, of the same length.")
    var compare: String?

    @Option(help: "minute, hour, day, week or month.")
    var interval: String?

    @Option(help: "A funnel's steps: event names separated by commas, or the API's JSON array.")
    var steps: String?

    @Option(help: "A funnel's longest time from first to last step.")
    var window: String?

    @Option(help: "What a funnel or paths count: visitors or sessions; a funnel also attempts.")
    var count: String?

    @Option(help: "The event that begins a cohort or a path: a name, or the API's JSON object.")
    var start: String?

    @Option(name: .customLong("return"), help: "The event that means that a visitor came back, as for --start.")
    var comeback: String?

    @Option(help: "The event that paths lead to, as for --start.")
    var end: String?

    @Option(help: "How many intervals a cohort is followed.")
    var intervals: Int?

    @Option(help: "When a visitor must come back: on an interval, or on_or_after it.")
    var mode: String?

    @Option(help: "Cohorts of those who start several times: the first, or every.")
    var cohorts: String?

    @Option(help: "How many steps a path has at most.")
    var depth: Int?

    @Flag(help: "Show the same value several times in a row as several steps of a path.")
    var keepRepeats = false

    @Option(help: "The dimension whose values are listed.")
    var dim: String?

    @Option(help: "What the listed values begin with.")
    var prefix: String?

    @Option(help: "Where the last page of events ended.")
    var cursor: String?

    @Option(help: "The query itself: JSON, @FILE, or - for standard input. Other flags change its members.")
    var body: String?

    @Flag(help: "Print the server's JSON, also on a terminal.")
    var json = false

    @Flag(help: "Print a table, also where there is no terminal.")
    var table = false

    func validate() throws {
        if json, table { throw ValidationError("give one of --json and --table") }
    }

    func run() async throws {
        var options = QueryOptions(kind: kind)
        options.url = url
        options.site = site
        options.key = key
        options.by = by
        options.metrics = metrics
        options.last = last
        options.range = range
        options.from = from
        options.to = to
        options.timezone = timezone
        options.filters = filters
        options.event = event
        options.limit = limit
        options.offset = offset
        options.orderBy = orderBy
        options.order = order
        options.having = having
        options.other = other
        options.series = series
        options.approximate = approximate
        options.compare = compare
        options.interval = interval
        options.steps = steps
        options.window = window
        options.count = count
        options.start = start
        options.comeback = comeback
        options.end = end
        options.intervals = intervals
        options.mode = mode
        options.cohorts = cohorts
        options.depth = depth
        options.keepsRepeats = keepRepeats
        options.dim = dim
        options.prefix = prefix
        options.cursor = cursor
        options.body = body
        options.json = json
        options.table = table
        let code = await QueryCommandRunner.run(options)
        if code != 0 { throw ExitCode(code) }
    }
}
