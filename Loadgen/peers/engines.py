#!/usr/bin/env python3
"""The peers, ClickHouse's engine (chdb) and DuckDB, each in a process of its own so that neither's memory and threads touch the other's.

usage: engines.py load ENGINE DIRECTORY STREAM     fills the engine's table from NDJSON; the stream may be a pipe
       engines.py serve ENGINE DIRECTORY           answers {"sql": …} lines on standard input with rows and milliseconds

Both hold the same columns in the order that suits the questions best, (event, visitor, time), with few values as
dictionaries (LowCardinality, ENUM) and visitors as 64-bit hashes. Nobody keeps answers.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

# Marks a directory whose load is complete.
MARK = "weir-bench-complete"


class ClickHouse:
    """MergeTree in one part; the codecs are the defaults, which are the quickest to read."""

    table = (
        "event LowCardinality(String), visitor UInt64, time DateTime64(3, 'UTC'), country LowCardinality(String), "
        "path LowCardinality(String), value Nullable(Float64)")
    stream = "time String, event String, visitor String, url String, country String, value Nullable(Float64)"
    selection = "event, xxHash64(visitor), parseDateTime64BestEffort(time, 3, 'UTC'), country, path(url), value"

    def __init__(self, directory):
        import chdb
        from chdb import session

        self.version = chdb.__version__
        self.connection = session.Session(directory)

    def load(self, stream):
        run = self.connection.query
        run("create database if not exists bench")
        run(f"create table bench.events ({self.table}) engine = MergeTree order by (event, visitor, time)")
        run(
            f"insert into bench.events select {self.selection} "
            f"from file('{os.path.abspath(stream)}', 'JSONEachRow', '{self.stream}')")
        run("optimize table bench.events final")

    def use(self):
        self.connection.query("use bench")

    def ask(self, sql):
        """Rows, and the engine's own milliseconds."""
        result = self.connection.query(sql, "JSONCompactEachRow")
        text = str(result)
        return [json.loads(line) for line in text.splitlines() if line], result.elapsed() * 1000


class DuckDB:
    """One table, sorted; times as Unix milliseconds."""

    def __init__(self, directory):
        import duckdb

        self.version = duckdb.__version__
        os.makedirs(directory, exist_ok=True)
        self.connection = duckdb.connect(os.path.join(directory, "events.db"))
        self.connection.execute("set memory_limit = '8GB'")
        self.connection.execute(f"set temp_directory = '{os.path.join(directory, 'spill')}'")

    def load(self, stream):
        run = self.connection.execute
        # Of a pipe it would keep all that it has read, so the stream comes in pieces.
        run("create table raw (event varchar, visitor ubigint, time bigint, country varchar, path varchar, value double)")
        for piece in pieces(stream):
            run(
                "insert into raw select event, hash(visitor), epoch_ms(time::timestamp), country, "
                "regexp_extract(url, '^[a-z]+://[^/?#]*([^?#]*)', 1), value "
                f"from read_json('{piece}', format = 'newline_delimited', columns = {{time: 'VARCHAR', "
                "event: 'VARCHAR', visitor: 'VARCHAR', url: 'VARCHAR', country: 'VARCHAR', value: 'DOUBLE'})")
        for column in ("event", "country", "path"):
            run(f"create type {column}_name as enum (select distinct {column} from raw where {column} is not null)")
        run(
            "create table events as select event::event_name as event, visitor, time, country::country_name as country, "
            "path::path_name as path, value from raw order by event, visitor, time")
        run("drop table raw")
        run("checkpoint")

    def use(self):
        pass

    def ask(self, sql):
        before = time.perf_counter()
        rows = self.connection.execute(sql).fetchall()
        return rows, (time.perf_counter() - before) * 1000


def pieces(stream, size=1 << 28):
    """Paths of files that hold the lines of a stream, one after the other."""
    with open(stream, "rb") as source, tempfile.NamedTemporaryFile(suffix=".ndjson", dir=os.path.dirname(stream)) as piece:
        while block := source.read(size):
            piece.seek(0)
            piece.truncate()
            piece.write(block + source.readline())
            piece.flush()
            yield piece.name


ENGINES = {"clickhouse": ClickHouse, "duckdb": DuckDB}


def is_loaded(directory):
    return os.path.exists(os.path.join(directory, MARK))


def load(engine, directory, stream):
    shutil.rmtree(directory, ignore_errors=True)
    ENGINES[engine](directory).load(stream)
    open(os.path.join(directory, MARK), "w", encoding="utf-8").close()


def serve(engine, directory):
    peer = ENGINES[engine](directory)
    peer.use()
    print(json.dumps({"version": peer.version}), flush=True)
    for line in sys.stdin:
        before = time.perf_counter()
        rows, took = peer.ask(json.loads(line)["sql"])
        wall = (time.perf_counter() - before) * 1000
        print(json.dumps({"rows": rows, "ms": took, "wall": wall}), flush=True)


class Engine:
    """A peer that answers in a process of its own."""

    def __init__(self, name, directory):
        if not is_loaded(directory):
            sys.exit(f"{directory} is not loaded: engines.py load {name} …")
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "serve", name, directory],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.version = json.loads(self.process.stdout.readline())["version"]

    def ask(self, sql):
        """Rows, the engine's own milliseconds, and those of the call."""
        self.process.stdin.write(json.dumps({"sql": sql}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended at: {sql}")
        answer = json.loads(line)
        return answer["rows"], answer["ms"], answer["wall"]


def main():
    mode, engine, directory = sys.argv[1:4]
    if mode == "load":
        load(engine, directory, sys.argv[4])
        print(f"{engine}: loaded, peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB", file=sys.stderr)
    else:
        serve(engine, directory)


if __name__ == "__main__":
    main()
