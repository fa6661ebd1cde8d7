"""The questions that are put to Weir and its peers, each as every system says it, and how their answers compare.

Those with a target are timed against it; the others are there for the answers. DuckDB holds times as Unix milliseconds,
ClickHouse as DateTime64.
"""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# Inactivity that ends a session.
SESSION_MS = 1_800_000

FUNNEL_4 = ["page_view", "view_item", "add_to_cart", "purchase"]
FUNNEL_3 = ["view_item", "add_to_cart", "purchase"]


def window_funnel(steps, where="1", mode=""):
    """ClickHouse's windowFunnel over milliseconds; only the steps' events, and of them only two columns, are read."""
    conditions = ", ".join(f"event = '{name}'" for name in steps)
    names = ", ".join(f"'{name}'" for name in steps)
    return (
        f"select level, count() from (select windowFunnel({HOUR_MS}{mode})("
        f"toUInt64(toUnixTimestamp64Milli(time)), {conditions}) as level "
        f"from events where event in ({names}) and {where} group by visitor) group by level order by level"
    )


def chain_funnel(steps, where="true", strict=False):
    """A funnel in plain SQL: each row of step k takes over the latest start of a chain of k - 1 steps up to its time.

    The latest start is the best one, and starts only grow with time, so that a running maximum is exact.
    """
    names = ", ".join(f"'{name}'" for name in steps)
    frame = "range between unbounded preceding and " + ("1 preceding" if strict else "current row")
    over = f"(partition by visitor order by time {frame})"
    sql = f"with c1 as (select *, case when event = '{steps[0]}' then time end as s1 from events where event in ({names}) and {where})"
    for index, name in enumerate(steps[1:], start=2):
        before = f"max(s{index - 1}) over {over}"
        sql += (
            f", c{index} as (select *, case when event = '{name}' and time - {before} <= {HOUR_MS} then {before} end as s{index} "
            f"from c{index - 1})"
        )
    counts = ", ".join(f"count(distinct visitor) filter (s{index + 1} is not null)" for index in range(len(steps)))
    return f"{sql} select {counts} from c{len(steps)}"


def levels(steps):
    """The visitors who reach each step, from those whose chain ends at each level."""

    def convert(rows):
        counted = {int(level): int(count) for level, count in rows}
        return [sum(count for level, count in counted.items() if level > step) for step in range(len(steps))]

    return convert


def first_row(rows):
    return [int(number) for number in rows[0]]


def numbers(rows):
    """The first row's numbers, of any kind."""
    return [float(number) for number in rows[0]]


def pairs(rows):
    """Rows of a key and a number."""
    return [(key, int(number)) for key, number in rows]


def counts(rows):
    """The number at the end of each row."""
    return [int(row[-1]) for row in rows]


def keyed(rows):
    """Rows of several keys and a number."""
    return [(*row[:-1], int(row[-1])) for row in rows]


def top_rows(answer, metric):
    return [(row["key"][0], row[metric]) for row in answer["rows"]]


def step_rows(answer):
    return [step["count"] for step in answer["steps"]]


def sessions_sql(milliseconds):
    """Number of sessions, of bounces, and their total length, of all events."""
    return (
        "select count(*), sum(case when views = 1 and view = ending then 1 else 0 end), sum(ending - beginning) from ("
        "select visitor, session, min(moment) as beginning, max(moment) as ending, "
        "sum(case when event = 'page_view' then 1 else 0 end) as views, max(case when event = 'page_view' then moment end) as view "
        "from (select visitor, event, moment, sum(fresh) over (partition by visitor order by moment range between unbounded preceding and current row) "
        f"as session from (select visitor, event, moment, case when moment - previous <= {SESSION_MS} then 0 else 1 end as fresh from ("
        f"select visitor, event, {milliseconds} as moment, "
        "{lag} as previous from events) as gaps) as starts) as marked group by visitor, session) as sessions"
    )


def retention_sql(day, distinct):
    """Cohorts by the day of the first product seen, and who bought something so many days later, not before it."""
    return (
        f"select cohort, later - cohort as days, {distinct} as n from (select starts.visitor as visitor, "
        f"starts.cohort as cohort, {day('buys.time')} as later from "
        f"(select visitor, min(time) as began, {day('min(time)')} as cohort from events where event = 'view_item' group by visitor) as starts "
        "join (select visitor, time from events where event = 'purchase') as buys on starts.visitor = buys.visitor "
        "where buys.time >= starts.began) as pairs group by cohort, days order by cohort, days"
    )


def everywhere(sql):
    """The same words in both dialects."""
    return {"clickhouse": sql, "duckdb": sql}


def questions(first, last):
    """All questions over events from `first` to `last`, Unix milliseconds.

    Each has the times-faster that is aimed at (None: the answers alone matter), Weir's kind and query, the peers' SQL by name, what turns an
    answer into a list, and how far two lists may differ: none at all unless `tolerance` says.
    """
    return timed(first) + compared(first, last)


def timed(first):
    """The questions with a target."""
    day = first - first % DAY_MS + 2 * DAY_MS
    three_days = {"from": day, "to": day + 3 * DAY_MS}
    in_three_days = (
        f"time >= fromUnixTimestamp64Milli({day}, 'UTC') and time < fromUnixTimestamp64Milli({day + 3 * DAY_MS}, 'UTC')"
    )
    de = [{"dim": "country", "op": "is", "values": ["DE"]}]
    top = "order by n desc, path::text limit 10"
    return [
        {
            "name": "funnel of four steps, one hour",
            "target": 15,
            "kind": "funnel",
            "query": {"steps": [{"event": name} for name in FUNNEL_4], "window": "1h"},
            "weir": step_rows,
            "sql": {"clickhouse": window_funnel(FUNNEL_4), "duckdb": chain_funnel(FUNNEL_4)},
            "rows": {"clickhouse": levels(FUNNEL_4), "duckdb": first_row},
        },
        {
            "name": "funnel of three steps, one country",
            "target": 8,
            "kind": "funnel",
            "query": {"steps": [{"event": name} for name in FUNNEL_3], "window": "1h", "where": de},
            "weir": step_rows,
            "sql": {
                "clickhouse": window_funnel(FUNNEL_3, "country = 'DE'"),
                "duckdb": chain_funnel(FUNNEL_3, "country = 'DE'"),
            },
            "rows": {"clickhouse": levels(FUNNEL_3), "duckdb": first_row},
        },
        {
            "name": "top 10 paths, all events",
            "target": 50,
            "kind": "top",
            "query": {"by": "path", "limit": 10},
            "weir": lambda answer: top_rows(answer, "events"),
            "sql": everywhere(f"select path, count() as n from events group by path {top}"),
            "rows": pairs,
        },
        {
            "name": "top 10 paths, one event name",
            "target": 50,
            "kind": "top",
            "query": {
                "by": "path", "limit": 10, "where": [{"dim": "event", "op": "is", "values": ["page_view"]}],
            },
            "weir": lambda answer: top_rows(answer, "events"),
            "sql": everywhere(f"select path, count() as n from events where event = 'page_view' group by path {top}"),
            "rows": pairs,
        },
        {
            "name": "top 10 paths by exact visitors",
            "target": 10,
            "kind": "top",
            "query": {"by": "path", "limit": 10, "metrics": ["visitors"]},
            "weir": lambda answer: top_rows(answer, "visitors"),
            "sql": {
                "clickhouse": f"select path, uniqExact(visitor) as n from events group by path {top}",
                "duckdb": f"select path, count(distinct visitor) as n from events group by path {top}",
            },
            "rows": pairs,
        },
        {
            "name": "top 10 paths by approximate visitors",
            "target": 20,
            "kind": "top",
            "query": {"by": "path", "limit": 10, "metrics": ["visitors"], "approximate": True},
            "weir": lambda answer: top_rows(answer, "visitors"),
            "sql": {
                "clickhouse": f"select path, uniqCombined(visitor) as n from events group by path {top}",
                "duckdb": f"select path, approx_count_distinct(visitor) as n from events group by path {top}",
            },
            "rows": pairs,
            "tolerance": 0.15,
        },
        {
            "name": "top 10 paths, one country",
            "target": 8,
            "kind": "top",
            "query": {"by": "path", "limit": 10, "where": de},
            "weir": lambda answer: top_rows(answer, "events"),
            "sql": everywhere(f"select path, count() as n from events where country = 'DE' group by path {top}"),
            "rows": pairs,
        },
        {
            "name": "exact visitors, whole range",
            "target": 5,
            "kind": "aggregate",
            "query": {"metrics": ["visitors"]},
            "weir": lambda answer: [answer["metrics"]["visitors"]],
            "sql": {
                "clickhouse": "select uniqExact(visitor) from events",
                "duckdb": "select count(distinct visitor) from events",
            },
            "rows": first_row,
        },
        {
            "name": "hourly series, whole range",
            "target": 20,
            "kind": "timeseries",
            "query": {"interval": "hour", "metrics": ["events"]},
            "weir": lambda answer: [row["events"] for row in answer["rows"] if row["events"]],
            "sql": {
                "clickhouse": "select toStartOfHour(time) as hour, count() from events group by hour order by hour",
                "duckdb": f"select time // {HOUR_MS} as hour, count() from events group by hour order by hour",
            },
            "rows": counts,
        },
        {
            "name": "hourly exact visitors, three days",
            "target": 10,
            "kind": "timeseries",
            "query": {"interval": "hour", "metrics": ["visitors"], "range": three_days},
            "weir": lambda answer: [row["visitors"] for row in answer["rows"] if row["visitors"]],
            "sql": {
                "clickhouse": (
                    f"select toStartOfHour(time) as hour, uniqExact(visitor) from events where {in_three_days} "
                    "group by hour order by hour"
                ),
                "duckdb": (
                    f"select time // {HOUR_MS} as hour, count(distinct visitor) from events where time >= {day} "
                    f"and time < {day + 3 * DAY_MS} group by hour order by hour"
                ),
            },
            "rows": counts,
        },
    ]


def compared(first, last):
    """The questions whose answers alone matter."""
    strict = {"steps": [{"event": name} for name in FUNNEL_3], "window": "1h", "strict_increase": True}
    start = first - first % DAY_MS
    return [
        {
            "name": "values: sum, mean, least, most, percentiles",
            "kind": "aggregate",
            "query": {
                "metrics": ["events", "sum:value", "avg:value", "min:value", "max:value", "p50:value", "p95:value"],
                "where": [{"dim": "event", "op": "is", "values": ["purchase"]}],
            },
            "weir": lambda answer: list(answer["metrics"].values()),
            "sql": {
                "clickhouse": (
                    "select count(), sum(value), avg(value), min(value), max(value), quantileExactInclusive(0.5)(value), "
                    "quantileExactInclusive(0.95)(value) from events where event = 'purchase'"
                ),
                "duckdb": (
                    "select count(), sum(value), avg(value), min(value), max(value), quantile_cont(value, 0.5), "
                    "quantile_cont(value, 0.95) from events where event = 'purchase'"
                ),
            },
            "rows": numbers,
            "tolerance": 1e-9,
        },
        {
            "name": "top 10 countries by revenue",
            "kind": "top",
            "query": {"by": "country", "metrics": ["sum:value", "events"], "limit": 10,
                      "where": [{"dim": "event", "op": "is", "values": ["purchase"]}]},
            "weir": lambda answer: [(row["key"][0], row["sum:value"], row["events"]) for row in answer["rows"]],
            "sql": everywhere(
                "select country, sum(value) as n, count() from events where event = 'purchase' "
                "group by country order by n desc limit 10"),
            "rows": lambda rows: [(key, float(total), int(number)) for key, total, number in rows],
            "tolerance": 1e-9,
        },
        {
            "name": "top 20 pairs of event and country",
            "kind": "top",
            "query": {"by": ["event", "country"], "limit": 20},
            "weir": lambda answer: [(*row["key"], row["events"]) for row in answer["rows"]],
            "sql": everywhere(
                "select event, country, count() as n from events group by event, country "
                "order by n desc, event::text, country::text limit 20"),
            "rows": keyed,
        },
        {
            "name": "paths seen by 100 to 1,000 visitors",
            "kind": "top",
            "query": {"by": "path", "metrics": ["visitors"], "limit": 50, "offset": 5, "order": "asc",
                      "having": [{"metric": "visitors", "op": "gte", "value": 100}, {"metric": "visitors", "op": "lt", "value": 1000}]},
            "weir": lambda answer: top_rows(answer, "visitors"),
            "sql": everywhere(
                "select path, count(distinct visitor) as n from events group by path having n >= 100 and n < 1000 "
                "order by n, path::text limit 50 offset 5"),
            "rows": pairs,
        },
        {
            "name": "paths, events, countries: how many",
            "kind": "top",
            "query": {"by": "path", "limit": 1},
            "weir": lambda answer: [answer["distinct"]],
            "sql": everywhere("select count(distinct path) from events"),
            "rows": first_row,
        },
        {
            "name": "daily series of five countries",
            "kind": "timeseries",
            "query": {"interval": "day", "by": "country", "limit": 5, "metrics": ["events"]},
            "weir": lambda answer: sorted((row["key"], row["time"][:10], row["events"]) for row in answer["rows"]),
            "sql": {
                "clickhouse": (
                    "select country, toString(toDate(time)) as day, count() from events where country in (select country from events "
                    "group by country order by count() desc, country limit 5) group by country, day order by country, day"
                ),
                "duckdb": (
                    f"select country, strftime(make_timestamp((time // {DAY_MS}) * {DAY_MS}000), '%Y-%m-%d') as day, count() from events "
                    "where country in (select country from events group by country order by count() desc, country::text limit 5) "
                    "group by country, day order by country::text, day"
                ),
            },
            "rows": keyed,
        },
        {
            "name": "a regular expression, and not a prefix",
            "kind": "aggregate",
            "query": {
                "metrics": ["events", "visitors"],
                "where": [
                    {"dim": "path", "op": "matches", "values": ["^/p/0[0-9]*[05]-"]},
                    {"not": {"any": [{"dim": "path", "op": "contains", "values": ["olive"]},
                                     {"dim": "country", "op": "is", "values": ["US", "FR"]}]}},
                ],
            },
            "weir": lambda answer: list(answer["metrics"].values()),
            "sql": {
                "clickhouse": (
                    "select count(), uniqExact(visitor) from events where match(path, '^/p/0[0-9]*[05]-') "
                    "and not (position(path, 'olive') > 0 or country in ('US', 'FR'))"
                ),
                "duckdb": (
                    "select count(), count(distinct visitor) from events where regexp_matches(path::text, '^/p/0[0-9]*[05]-') "
                    "and not (contains(path::text, 'olive') or coalesce(country in ('US', 'FR'), false))"
                ),
            },
            "rows": first_row,
        },
        {
            "name": "values above 100 by hour",
            "kind": "timeseries",
            "query": {"interval": "hour", "metrics": ["events"], "where": [{"dim": "value", "op": "gt", "values": [100]}]},
            "weir": lambda answer: [row["events"] for row in answer["rows"] if row["events"]],
            "sql": {
                "clickhouse": "select toStartOfHour(time) as hour, count() from events where value > 100 group by hour order by hour",
                "duckdb": f"select time // {HOUR_MS} as hour, count() from events where value > 100 group by hour order by hour",
            },
            "rows": counts,
        },
        {
            "name": "funnel of three steps, strictly later",
            "kind": "funnel",
            "query": strict,
            "weir": step_rows,
            "sql": {"duckdb": chain_funnel(FUNNEL_3, strict=True)},
            "rows": first_row,
        },
        {
            "name": "sessions: number, bounces, length",
            "kind": "sessions",
            "query": {"limit": 1},
            "weir": lambda answer: [answer["sessions"], answer["bounces"], round(answer["session_duration"] * answer["sessions"])],
            "sql": {
                "clickhouse": sessions_sql("toUnixTimestamp64Milli(time)").format(
                    lag="lagInFrame(toNullable(toUnixTimestamp64Milli(time))) over "
                    "(partition by visitor order by time rows between unbounded preceding and unbounded following)"),
                "duckdb": sessions_sql("time").format(lag="lag(time) over (partition by visitor order by time)"),
            },
            "rows": first_row,
        },
        {
            "name": "retention by day, seen to bought",
            "kind": "retention",
            "query": {
                "start": {"event": "view_item"}, "return": {"event": "purchase"}, "interval": "day", "intervals": 7,
                "range": {"from": start, "to": last},
            },
            "weir": lambda answer: [
                returned for row in answer["rows"] for returned in row["returned"] if returned],
            "sql": {
                "clickhouse": retention_sql(
                    lambda time: f"intDiv(toUnixTimestamp64Milli({time}), {DAY_MS})", "uniqExact(visitor)"),
                "duckdb": retention_sql(lambda time: f"({time}) // {DAY_MS}", "count(distinct visitor)"),
            },
            "rows": counts,
        },
    ]


def differ(question, left, right):
    """Why two answers differ, or None. With a tolerance, numbers are compared rank by rank."""
    tolerance = question.get("tolerance")
    if tolerance is None:
        return None if left == right else f"{left[:3]} … against {right[:3]} …"
    if len(left) != len(right):
        return f"{len(left)} rows against {len(right)}"
    for one, other in zip(left, right):
        ours, theirs = (one, other) if isinstance(one, tuple) else ((one,), (other,))
        for a, b in zip(ours, theirs):
            if not isinstance(a, str) and abs(a - b) > tolerance * max(abs(a), abs(b)):
                return f"{a} against {b}"
    return None
