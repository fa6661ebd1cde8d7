"""The questions that are put to Weir and its peers, each as every system says it, and how their answers compare."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

FUNNEL_4 = ["page_view", "view_item", "add_to_cart", "purchase"]
FUNNEL_3 = ["view_item", "add_to_cart", "purchase"]


def funnel_sql(steps, where="1"):
    """windowFunnel over milliseconds; only the steps' events, and of them only two columns, are read."""
    conditions = ", ".join(f"event = '{name}'" for name in steps)
    names = ", ".join(f"'{name}'" for name in steps)
    return (
        "select level, count() from (select windowFunnel(3600000)("
        f"toUInt64(toUnixTimestamp64Milli(time)), {conditions}) as level "
        f"from events where event in ({names}) and {where} group by visitor) group by level order by level"
    )


def funnel_rows(steps):
    """The visitors who reach each step, from those whose chain ends at each level."""

    def convert(rows):
        levels = {int(level): int(count) for level, count in rows}
        return [sum(count for level, count in levels.items() if level > step) for step in range(len(steps))]

    return convert


def pairs(rows):
    """Rows of a key and a number."""
    return [(key, int(number)) for key, number in rows]


def top_rows(answer, metric):
    return [(row["key"][0], row[metric]) for row in answer["rows"]]


def step_rows(answer):
    return [step["count"] for step in answer["steps"]]


def keys_of(rows):
    return [key for key, _ in rows]


def questions(first, last):
    """All questions over events from `first` to `last`, Unix milliseconds.

    Each has the times-faster that is aimed at, Weir's kind and query, ClickHouse's SQL, what turns either answer into
    a list, and how far two lists may differ: None for not at all.
    """
    day = first - first % DAY_MS + 2 * DAY_MS
    three_days = {"from": day, "to": day + 3 * DAY_MS}
    in_three_days = (
        f"time >= fromUnixTimestamp64Milli({day}, 'UTC') and time < fromUnixTimestamp64Milli({day + 3 * DAY_MS}, 'UTC')"
    )
    de = [{"dim": "country", "op": "is", "values": ["DE"]}]
    top = "order by n desc, path limit 10"
    return [
        {
            "name": "funnel of four steps, one hour",
            "target": 15,
            "kind": "funnel",
            "query": {"steps": [{"event": name} for name in FUNNEL_4], "window": "1h"},
            "weir": step_rows,
            "sql": funnel_sql(FUNNEL_4),
            "clickhouse": funnel_rows(FUNNEL_4),
        },
        {
            "name": "funnel of three steps, one country",
            "target": 8,
            "kind": "funnel",
            "query": {"steps": [{"event": name} for name in FUNNEL_3], "window": "1h", "where": de},
            "weir": step_rows,
            "sql": funnel_sql(FUNNEL_3, "country = 'DE'"),
            "clickhouse": funnel_rows(FUNNEL_3),
        },
        {
            "name": "top 10 paths, all events",
            "target": 50,
            "kind": "top",
            "query": {"by": "path", "limit": 10},
            "weir": lambda answer: top_rows(answer, "events"),
            "sql": f"select path, count() as n from events group by path {top}",
            "clickhouse": pairs,
        },
        {
            "name": "top 10 paths, one event name",
            "target": 50,
            "kind": "top",
            "query": {
                "by": "path", "limit": 10, "where": [{"dim": "event", "op": "is", "values": ["page_view"]}],
            },
            "weir": lambda answer: top_rows(answer, "events"),
            "sql": f"select path, count() as n from events where event = 'page_view' group by path {top}",
            "clickhouse": pairs,
        },
        {
            "name": "top 10 paths by exact visitors",
            "target": 10,
            "kind": "top",
            "query": {"by": "path", "limit": 10, "metrics": ["visitors"]},
            "weir": lambda answer: top_rows(answer, "visitors"),
            "sql": f"select path, uniqExact(visitor) as n from events group by path {top}",
            "clickhouse": pairs,
        },
        {
            "name": "top 10 paths by approximate visitors",
            "target": 20,
            "kind": "top",
            "query": {"by": "path", "limit": 10, "metrics": ["visitors"], "approximate": True},
            "weir": lambda answer: top_rows(answer, "visitors"),
            "sql": f"select path, uniqCombined(visitor) as n from events group by path {top}",
            "clickhouse": pairs,
            "tolerance": 0.1,
        },
        {
            "name": "top 10 paths, one country",
            "target": 8,
            "kind": "top",
            "query": {"by": "path", "limit": 10, "where": de},
            "weir": lambda answer: top_rows(answer, "events"),
            "sql": f"select path, count() as n from events where country = 'DE' group by path {top}",
            "clickhouse": pairs,
        },
        {
            "name": "exact visitors, whole range",
            "target": 5,
            "kind": "aggregate",
            "query": {"metrics": ["visitors"]},
            "weir": lambda answer: [answer["metrics"]["visitors"]],
            "sql": "select uniqExact(visitor) from events",
            "clickhouse": lambda rows: [int(rows[0][0])],
        },
        {
            "name": "hourly series, whole range",
            "target": 20,
            "kind": "timeseries",
            "query": {"interval": "hour", "metrics": ["events"]},
            "weir": lambda answer: [row["events"] for row in answer["rows"] if row["events"]],
            "sql": "select toStartOfHour(time) as hour, count() from events group by hour order by hour",
            "clickhouse": lambda rows: [int(number) for _, number in rows],
        },
        {
            "name": "hourly exact visitors, three days",
            "target": 10,
            "kind": "timeseries",
            "query": {"interval": "hour", "metrics": ["visitors"], "range": three_days},
            "weir": lambda answer: [row["visitors"] for row in answer["rows"] if row["visitors"]],
            "sql": (
                f"select toStartOfHour(time) as hour, uniqExact(visitor) from events where {in_three_days} "
                "group by hour order by hour"
            ),
            "clickhouse": lambda rows: [int(number) for _, number in rows],
        },
    ]


def differ(question, left, right):
    """Why two answers differ, or None. Estimates are compared by their sizes, rank by rank."""
    tolerance = question.get("tolerance")
    if tolerance is None:
        return None if left == right else f"{left[:3]} … against {right[:3]} …"
    if len(left) != len(right):
        return f"{len(left)} rows against {len(right)}"
    for (_, one), (_, other) in zip(left, right):
        if abs(one - other) > tolerance * max(one, other):
            return f"{one} against {other}"
    return None
