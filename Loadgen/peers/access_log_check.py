#!/usr/bin/env python3
"""Checks an imported access log: takes it apart in SQL (DuckDB), and compares every count with Weir's answers.

usage: access_log_check.py --log FILE [--weir HOST:PORT] [--site SITE] [--agents regexes.yaml]

Import the log first, whole and into a site of its own, with the scheme and host that wrote it:

    weir import --site log --base-url http://example.com FILE

Nothing of Weir's own reading is used here: lines fall apart by one regular expression, hosts and paths by others, and
browsers by the patterns of uap-core, each tried on each user agent in their order. Needs `pip install duckdb pyyaml`.
Exits with 0 where all answers are equal, else with 1 and the differences.
"""

import argparse
import http.client
import json
import sys

import duckdb
import yaml

LINE = (
    r'^(\S+) \S+ (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\S+)'
    r'(?: "((?:[^"\\]|\\.)*)"(?: "((?:[^"\\]|\\.)*)"?)?)?.*$')
NAMES = ["address", "login", "stamp", "request", "status", "bytes", "referrer", "agent"]
ASSETS = (
    "css js mjs map json xml txt png jpg jpeg gif webp avif svg ico bmp tif tiff woff woff2 ttf otf eot wasm webmanifest swf")
DOWNLOADS = (
    "pdf zip gz tgz tar bz2 xz zst 7z rar jar war exe msi dmg pkg deb rpm apk iso img bin doc docx xls xlsx ppt pptx odt "
    "ods odp rtf csv epub mobi ps mp3 ogg wav flac m4a mp4 webm avi mov mkv torrent")


def read_log(database, path):
    """Makes the table `requests`, one row a line of the log."""
    database.execute(
        "create table lines as select column0 as line from read_csv(?, header=false, delim='\x01', quote='', escape='', "
        "columns={'column0': 'VARCHAR'}, auto_detect=false)", [path])
    names = ", ".join(f"'{name}'" for name in NAMES)
    database.execute(
        f"create table parsed as select regexp_extract(line, $1, [{names}]) as f from lines where line <> ''", [LINE])
    database.execute("""
        create table requests as select
            f.address as address,
            timezone('UTC', strptime(f.stamp, '%d/%b/%Y:%H:%M:%S %z')) as time,
            regexp_extract(f.request, '^(\\S+) (.*?)(?: HTTP/[0-9.]+)?$', 1) as method,
            regexp_extract(f.request, '^(\\S+) (.*?)(?: HTTP/[0-9.]+)?$', 2) as target,
            f.status::int as status,
            try_cast(f.bytes as bigint) as bytes,
            nullif(nullif(f.referrer, '-'), '') as referrer,
            nullif(nullif(f.agent, '-'), '') as agent
        from parsed where f.status <> ''""")
    lists = ", ".join(f"'{name}'" for name in ASSETS.split())
    downloads = ", ".join(f"'{name}'" for name in DOWNLOADS.split())
    database.execute(f"""
        create table events as select *,
            regexp_extract(target, '^[^?#]*') as path,
            lower(regexp_extract(regexp_extract(target, '^[^?#]*'), '\\.([^./]*)$', 1)) as ending,
            lower(regexp_extract(referrer, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:@]+)', 1)) as referrer_host,
            case when status >= 400 then 'error'
                 when status >= 300 and status <> 304 then 'redirect'
                 when method <> 'GET' then 'request'
                 when ending in ({lists}) then 'asset'
                 when ending in ({downloads}) then 'download'
                 else 'page_view' end as event
        from requests""")


def read_agents(database, path):
    """Makes the table `browsers`, each agent with the family of the first pattern that matches it."""
    with open(path, encoding="utf-8") as file:
        patterns = yaml.safe_load(file)["user_agent_parsers"]
    found = {}
    left = [agent for (agent,) in database.execute("select distinct agent from events where agent is not null").fetchall()]
    for pattern in patterns:
        if not left:
            break
        rows = database.execute(
            "select agent, regexp_extract(agent, $1, 1) from (select unnest($2) as agent) where regexp_matches(agent, $1)",
            [pattern["regex"], left]).fetchall() if "(" in pattern["regex"] else [
                (agent, "") for (agent,) in database.execute(
                    "select agent from (select unnest($2) as agent) where regexp_matches(agent, $1)",
                    [pattern["regex"], left]).fetchall()]
        for agent, capture in rows:
            family = pattern.get("family_replacement", "$1").replace("$1", capture or "").strip()
            found[agent] = family or "Other"
        left = [agent for agent in left if agent not in found]
    database.execute("create table browsers (agent varchar, browser varchar)")
    database.executemany(
        "insert into browsers values (?, ?)", list(found.items()) + [(agent, "Other") for agent in left])


def ask(weir, site, kind, query):
    connection = http.client.HTTPConnection(weir)
    connection.request(
        "POST", f"/v1/query/{kind}", json.dumps({"site": site, "range": "all", **query}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status != 200:
        sys.exit(f"weir: {answer}")
    return answer


def top(weir, site, by, where=None):
    answer = ask(weir, site, "top", {"by": by, "limit": 100000, "metrics": ["events"], "where": where or []})
    return {None if row["key"][0] is None else str(row["key"][0]): row["events"] for row in answer["rows"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", required=True)
    parser.add_argument("--weir", default="127.0.0.1:8080")
    parser.add_argument("--site", default="log")
    parser.add_argument("--agents", default="/usr/share/uap-core/regexes.yaml")
    options = parser.parse_args()
    database = duckdb.connect()
    read_log(database, options.log)
    read_agents(database, options.agents)

    def counts(expression, where="true"):
        rows = database.execute(
            f"select {expression} as key, count(*) from events left join browsers using (agent) where {where} group by key")
        return {None if key in (None, "") else str(key): count for key, count in rows.fetchall()}

    pages = [{"dim": "event", "op": "is", "values": ["page_view"]}]
    questions = [
        ("events by kind", counts("event"), lambda: top(options.weir, options.site, "event")),
        ("all paths", counts("path"), lambda: top(options.weir, options.site, "path")),
        ("pages viewed", counts("path", "event = 'page_view'"), lambda: top(options.weir, options.site, "path", pages)),
        ("referrers", counts("referrer_host"), lambda: top(options.weir, options.site, "referrer_host")),
        ("browsers", counts("browser"), lambda: top(options.weir, options.site, "browser")),
        ("user agents", counts("agent"), lambda: top(options.weir, options.site, "user_agent")),
        ("status", counts("status"), lambda: top(options.weir, options.site, "props.status")),
        ("methods", counts("method"), lambda: top(options.weir, options.site, "props.method")),
    ]

    def hours():
        answer = ask(options.weir, options.site, "timeseries", {"interval": "hour", "metrics": ["events"]})
        return {row["time"][:13]: row["events"] for row in answer["rows"] if row["events"] > 0}

    def totals():
        answer = ask(
            options.weir, options.site, "aggregate", {"metrics": ["events", "visitors", "sum:props.bytes"]})["metrics"]
        return {name: int(value) for name, value in answer.items()}

    row = database.execute("select count(*), count(distinct (address, agent)), sum(bytes) from events").fetchone()
    questions.append(("events by hour", counts("strftime(time, '%Y-%m-%dT%H')"), hours))
    questions.append(("events, visitors, bytes", dict(zip(["events", "visitors", "sum:props.bytes"], map(int, row))), totals))

    failed = False
    for name, expected, asked in questions:
        answer = asked()
        differences = {
            key: (expected.get(key, 0), answer.get(key, 0)) for key in expected.keys() | answer.keys()
            if expected.get(key, 0) != answer.get(key, 0)}
        failed = failed or bool(differences)
        shown = ", ".join(f"{key} {count}" for key, count in sorted(expected.items(), key=lambda entry: -entry[1])[:4])
        print(f"{'DIFFERENT' if differences else 'equal':9}  {name}: {len(expected)} values ({shown}, …)")
        for key, (theirs, ours) in list(differences.items())[:10]:
            print(f"           {key}: DuckDB {theirs}, Weir {ours}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
