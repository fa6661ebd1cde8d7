#!/usr/bin/env python3
"""Asks Weir and ClickHouse's engine (chdb) the same questions, checks that the answers are equal, and prints a table.

usage: query_bench.py --weir HOST:PORT --clickhouse DIRECTORY [--stream FILE.ndjson] [--json FILE] [--only TEXT]
                      [--runs N] [--no-peer]

The directory holds the peer's table, MergeTree ordered by (event, visitor, time) in one part; it is loaded from the
stream if it is not there yet. Both are warm: each question is asked once before it is timed. Weir computes each answer
afresh ("cache": false), over one kept connection. Times are the engines' own (Weir's meta.took_ms, chdb's elapsed());
beside them stands the wall time of the call. Medians.
"""

import argparse
import http.client
import json
import os
import shutil
import sys
import time

from questions import differ, questions

TABLE = (
    "event LowCardinality(String), visitor UInt64, time DateTime64(3, 'UTC'), country LowCardinality(String), "
    "path LowCardinality(String), value Nullable(Float64)"
)
INPUT = "time String, event String, visitor String, url String, country String, value Nullable(Float64)"
SELECTION = "event, xxHash64(visitor), parseDateTime64BestEffort(time, 3, 'UTC'), country, path(url), value"
# Marks a directory whose load is complete.
MARK = "weir-bench-complete"


def load(connection, stream):
    """Fills the table; the codecs are the defaults, which are the quickest to read."""
    connection.query("create database if not exists bench")
    connection.query("drop table if exists bench.events")
    connection.query(f"create table bench.events ({TABLE}) engine = MergeTree order by (event, visitor, time)")
    connection.query(
        f"insert into bench.events select {SELECTION} from file('{os.path.abspath(stream)}', 'JSONEachRow', '{INPUT}')")
    connection.query("optimize table bench.events final")


def median(numbers):
    return sorted(numbers)[len(numbers) // 2]


class Peer:
    """ClickHouse's engine in this process."""

    def __init__(self, directory, stream):
        import chdb
        from chdb import session

        self.version = chdb.__version__
        mark = os.path.join(directory, MARK)
        if stream and not os.path.exists(mark):
            shutil.rmtree(directory, ignore_errors=True)
        self.connection = session.Session(directory)
        if not os.path.exists(mark):
            if not stream:
                sys.exit(f"{directory} is not loaded: give --stream")
            print("== ClickHouse: loading and merging", file=sys.stderr, flush=True)
            load(self.connection, stream)
            open(mark, "w", encoding="utf-8").close()
        self.connection.query("use bench")

    def rows(self, sql):
        text = str(self.connection.query(sql, "JSONCompactEachRow"))
        return [json.loads(line) for line in text.splitlines() if line]

    def time(self, sql):
        """Milliseconds of the engine, and of the call."""
        before = time.perf_counter()
        result = self.connection.query(sql, "JSONCompactEachRow")
        wall = (time.perf_counter() - before) * 1000
        return result.elapsed() * 1000, wall


class Weir:
    """A running server."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port))

    def ask(self, kind, query):
        """The answer, its own milliseconds, and those of the call."""
        body = json.dumps({**query, "cache": False})
        before = time.perf_counter()
        self.connection.request("POST", f"/v1/query/{kind}", body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        wall = (time.perf_counter() - before) * 1000
        if response.status != 200:
            sys.exit(f"{kind} {body}: {response.status} {text.decode()}")
        answer = json.loads(text)
        return answer, answer["meta"]["took_ms"], wall


def bounds(weir):
    """Times of the first and the last event."""
    answer, _, _ = weir.ask("timeseries", {"interval": "hour", "metrics": ["events"]})
    from datetime import datetime

    def milliseconds(text):
        return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)

    rows = [row for row in answer["rows"] if row["events"]]
    events = sum(row["events"] for row in rows)
    return milliseconds(rows[0]["time"]), milliseconds(rows[-1]["time"]) + 3_600_000, events


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--clickhouse")
    parser.add_argument("--stream")
    parser.add_argument("--json")
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    weir = Weir(options.weir)
    peer = None if options.no_peer else Peer(options.clickhouse, options.stream)
    first, last, events = bounds(weir)
    results = []
    wrong = 0
    print(f"{events} events, medians of {options.runs}, warm, milliseconds; in parentheses with the call")
    print(f"{'question':38} {'Weir':>20} {'ClickHouse':>20} {'times':>7} {'target':>6}  rows scanned")
    for question in questions(first, last):
        if options.only not in question["name"]:
            continue
        answer, _, _ = weir.ask(question["kind"], question["query"])
        own = [weir.ask(question["kind"], question["query"])[1:] for _ in range(options.runs)]
        result = {
            "question": question["name"],
            "target": question["target"],
            "weirMs": median([took for took, _ in own]),
            "weirCallMs": median([wall for _, wall in own]),
            "weirBestMs": min(took for took, _ in own),
            "rowsScanned": answer["meta"]["rows_scanned"],
        }
        line = f"{question['name']:38} {result['weirMs']:10.3f} ({result['weirCallMs']:7.3f})"
        if peer:
            difference = differ(
                question, question["weir"](answer), question["clickhouse"](peer.rows(question["sql"])))
            theirs = [peer.time(question["sql"]) for _ in range(options.runs)]
            result["clickhouseMs"] = median([took for took, _ in theirs])
            result["clickhouseCallMs"] = median([wall for _, wall in theirs])
            result["timesFaster"] = result["clickhouseMs"] / max(result["weirMs"], 0.001)
            result["equal"] = difference is None
            line += (
                f" {result['clickhouseMs']:10.2f} ({result['clickhouseCallMs']:7.2f}) {result['timesFaster']:7.1f}"
                f" {question['target']:6}  {result['rowsScanned']}")
            if difference:
                wrong += 1
                line += f"  ANSWERS DIFFER: {difference}"
        else:
            line += f"  best {result['weirBestMs']:.3f}  {result['rowsScanned']}"
        print(line, flush=True)
        results.append(result)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            version = peer.version if peer else None
            json.dump({"events": events, "clickhouse": version, "questions": results}, file, indent=1)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
