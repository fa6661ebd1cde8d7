#!/usr/bin/env python3
"""Loads a stream of NDJSON into a MergeTree table of ClickHouse's engine (chdb) and tells how long it took.

usage: ingest_bench.py STREAM.ndjson DIRECTORY RUNS

Every run is one `INSERT … SELECT … FROM file(…, JSONEachRow)` into an empty table: no HTTP, no client, the file in the page
cache. The table has what Weir stores of an event: its fields, what is derived from its URLs, its properties as columns,
visitor and id as 64-bit hashes; the id is stored and nothing is done with it. Each way of loading is run RUNS times, and
the best median is ClickHouse's figure. Prints one JSON object.
"""

import json
import os
import resource
import shutil
import statistics
import sys
import time

from chdb import session

TEXTS = [
    "country", "host", "language", "path", "referrer", "referrer_host", "screen", "title", "url", "user_agent",
    "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term",
]
PROPERTIES = ["ab_variant", "category", "plan", "product", "query"]
PROPS = ", ".join([f"{name} String" for name in PROPERTIES] + ["items Nullable(Float64)"])
INPUT = (
    "time DateTime64(3, 'UTC'), id String, event LowCardinality(String), visitor String, url String, title String, "
    "referrer String, country String, language String, screen String, user_agent String, value Nullable(Float64), "
    f"props Tuple({PROPS})"
)
DERIVED = {
    "host": "domain(url)",
    "path": "path(url)",
    "referrer_host": "domain(referrer)",
    **{f"utm_{name}": f"extractURLParameter(url, 'utm_{name}')" for name in
       ["campaign", "content", "medium", "source", "term"]},
    **{f"props.{name}": f"props.{name}" for name in PROPERTIES},
}
# Ways of loading: the type of texts, and settings of the insert.
COMMON = "date_time_input_format='best_effort', input_format_import_nested_json=1, "
WAYS = {
    "dictionaries, two threads": ("LowCardinality(String)", COMMON + "max_insert_threads=2, max_threads=2"),
    "dictionaries, two threads, large blocks": (
        "LowCardinality(String)",
        COMMON + "max_insert_threads=2, max_threads=2, min_insert_block_size_rows=1048576, "
        "min_insert_block_size_bytes=1073741824"),
    "plain strings, two threads": ("String", COMMON + "max_insert_threads=2, max_threads=2"),
}


def processor_seconds():
    """Processor time of this process, all its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def load(connection, stream, text, settings):
    """Loads the stream into an empty table. Returns events, wall seconds and processor seconds."""
    names = TEXTS + [f"props.{name}" for name in PROPERTIES]
    columns = [
        "event LowCardinality(String)", "visitor UInt64", "id UInt64", "time DateTime64(3, 'UTC')",
        "value Nullable(Float64)", "`props.items` Nullable(Float64)",
    ] + [f"`{name}` {text}" for name in names]
    connection.query("drop table if exists bench.events sync")
    connection.query(
        f"create table bench.events ({', '.join(columns)}) engine = MergeTree order by (event, visitor, time)")
    selection = ["event", "xxh3(visitor)", "xxh3(id)", "time", "value", "props.items"]
    selection += [DERIVED.get(name, name) for name in names]
    targets = ", ".join(f"`{name}`" for name in ["event", "visitor", "id", "time", "value", "props.items"] + names)
    wall, processor = time.monotonic(), processor_seconds()
    connection.query(
        f"insert into bench.events ({targets}) select {', '.join(selection)} "
        f"from file('{os.path.abspath(stream)}', 'JSONEachRow', '{INPUT.replace(chr(39), chr(92) + chr(39))}') "
        f"settings {settings}")
    wall, processor = time.monotonic() - wall, processor_seconds() - processor
    events = int(str(connection.query("select count() from bench.events", "TSV")).strip())
    return events, wall, processor


def main():
    stream, directory, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    shutil.rmtree(directory, ignore_errors=True)
    connection = session.Session(directory)
    connection.query("create database bench engine = Atomic")
    ways = {}
    events = 0
    for name, (text, settings) in WAYS.items():
        results = [load(connection, stream, text, settings) for _ in range(runs)]
        events = results[0][0]
        ways[name] = {
            "eventsPerSecond": statistics.median(count / wall for count, wall, _ in results),
            "processorMicrosecondsPerEvent": statistics.median(cpu / count * 1e6 for count, _, cpu in results),
        }
    best = max(ways, key=lambda name: ways[name]["eventsPerSecond"])
    print(json.dumps({"events": events, "best": best, **ways[best], "ways": ways}))
    connection.close()
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
