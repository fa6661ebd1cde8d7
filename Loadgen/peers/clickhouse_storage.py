#!/usr/bin/env python3
"""Loads the stream into a MergeTree table of ClickHouse's engine (chdb) and tells what its columns take.

usage: clickhouse_storage.py STREAM.ndjson DIRECTORY RESULT.json

The table has the columns that Weir stores, the visitor as a 64-bit hash, sorted as Weir's segments are, every column
compressed with ZSTD(3), and is merged into one part before it is measured. The directory is emptied first.
"""

import json
import os
import resource
import shutil
import sys
import time

import chdb
from chdb import session

TEXTS = [
    "country", "host", "language", "path", "referrer", "referrer_host", "screen", "title", "url", "user_agent",
    "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term",
]
PROPERTIES = ["ab_variant", "category", "plan", "product", "query"]
CODEC = " CODEC(ZSTD(3))"
INPUT = (
    "time String, event String, visitor String, url String, title String, referrer String, country String, "
    "language String, screen String, user_agent String, value Nullable(Float64), props String"
)
EXPRESSIONS = {
    "host": "domain(url)",
    "path": "path(url)",
    "referrer_host": "domain(referrer)",
    **{f"utm_{name}": f"extractURLParameter(url, 'utm_{name}')" for name in
       ["campaign", "content", "medium", "source", "term"]},
    **{f"props.{name}": f"JSONExtractString(props, '{name}')" for name in PROPERTIES},
}
SCANS = 3


def processor_seconds():
    """Processor time of this process, all its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(body):
    """Runs a function; returns its wall and processor seconds."""
    wall, processor = time.monotonic(), processor_seconds()
    body()
    return time.monotonic() - wall, processor_seconds() - processor


def main():
    stream, directory, result_path = sys.argv[1:4]
    shutil.rmtree(directory, ignore_errors=True)
    connection = session.Session(directory)

    def rows(query):
        return [json.loads(line) for line in str(connection.query(query, "JSONEachRow")).splitlines() if line]

    texts = TEXTS + [f"props.{name}" for name in PROPERTIES]
    columns = [
        f"event LowCardinality(String){CODEC}", f"visitor UInt64{CODEC}", f"time DateTime64(3, 'UTC'){CODEC}",
        f"value Nullable(Float64){CODEC}", f"`props.items` Nullable(Float64){CODEC}",
    ] + [f"`{name}` LowCardinality(String){CODEC}" for name in texts]
    connection.query("create database bench engine = Atomic")
    connection.query(
        f"create table bench.events ({', '.join(columns)}) engine = MergeTree order by (event, visitor, time) "
        "settings index_granularity = 8192")
    selection = [
        "event", "xxHash64(visitor)", "parseDateTime64BestEffort(time, 3, 'UTC')", "value",
        "JSONExtract(props, 'items', 'Nullable(Float64)')",
    ] + [EXPRESSIONS.get(name, name) for name in texts]
    names = ", ".join(f"`{name}`" for name in ["event", "visitor", "time", "value", "props.items"] + texts)
    load = measure(lambda: connection.query(
        f"insert into bench.events ({names}) select {', '.join(selection)} "
        f"from file('{os.path.abspath(stream)}', 'JSONEachRow', '{INPUT}')"))
    optimize = measure(lambda: connection.query("optimize table bench.events final"))

    of_table = "where active and database = 'bench' and table = 'events'"
    parts = rows(
        "select sum(rows) as rows, sum(data_compressed_bytes) as data, sum(bytes_on_disk) as disk, count() as parts "
        f"from system.parts {of_table}")[0]
    sizes = rows(
        "select column, sum(column_data_compressed_bytes) as bytes from system.parts_columns "
        f"{of_table} group by column order by bytes desc")

    def scan(name):
        query = f"select count() from bench.events where not ignore(`{name}`) settings max_threads = 1"
        times = sorted(measure(lambda: connection.query(query))[1] for _ in range(SCANS))
        return times[SCANS // 2]

    result = {
        "version": chdb.__version__,
        "events": int(parts["rows"]),
        "loadSeconds": load[0],
        "optimizeSeconds": optimize[0],
        "loadProcessorSeconds": load[1],
        "optimizeProcessorSeconds": optimize[1],
        "dataBytes": int(parts["data"]),
        "diskBytes": int(parts["disk"]),
        "parts": int(parts["parts"]),
        "columns": [
            {"name": row["column"], "bytes": int(row["bytes"]), "scanSeconds": scan(row["column"])} for row in sizes
        ],
    }
    # Complete or not there at all: later runs take it as it is.
    with open(result_path + ".new", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    os.replace(result_path + ".new", result_path)
    connection.close()
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
