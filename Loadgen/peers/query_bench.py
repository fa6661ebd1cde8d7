#!/usr/bin/env python3
"""Asks Weir, ClickHouse's engine and DuckDB the same questions, checks that the answers are equal, and prints a table.

usage: query_bench.py --weir HOST:PORT [--pid PID] [--clickhouse DIRECTORY] [--duckdb DIRECTORY] [--json FILE]
                      [--only TEXT] [--runs N]

The directories are those that `engines.py load` filled. All are warm: each question is asked once before it is timed.
Weir computes each answer afresh ("cache": false), over one kept connection. Times are the engines' own (Weir's
meta.took_ms, chdb's elapsed(), DuckDB's call); beside Weir's stands the wall time of the call. Medians. Memory is the highest that a process held
while it was asked, with what it keeps between questions (VmHWM, reset before each question).
"""

import argparse
import http.client
import json
import sys
import time
from datetime import datetime

from engines import Engine
from questions import differ, questions


def median(numbers):
    return sorted(numbers)[len(numbers) // 2]


class Memory:
    """What a process of this machine holds, and held at most."""

    def __init__(self, pid):
        self.pid = pid

    def reset(self):
        if self.pid:
            with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as file:
                file.write("5")

    def peak(self):
        """MiB since the last reset, None if the process is not known."""
        if not self.pid:
            return None
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) // 1024


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

    def milliseconds(text):
        return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)

    rows = [row for row in answer["rows"] if row["events"]]
    events = sum(row["events"] for row in rows)
    return milliseconds(rows[0]["time"]), milliseconds(rows[-1]["time"]) + 3_600_000, events


def timed(ask, runs, memory):
    """The first answer, the medians of the runs after it, and the memory at the peak."""
    memory.reset()
    answer = ask()[0]
    taken = [ask()[1:] for _ in range(runs)]
    return answer, {
        "ms": median([took for took, _ in taken]),
        "callMs": median([wall for _, wall in taken]),
        "bestMs": min(took for took, _ in taken),
        "peakMiB": memory.peak(),
    }


def compare(question, weir, server, peers, runs):
    """One question's line of the results."""
    query = lambda: weir.ask(question["kind"], question["query"])
    answer, own = timed(query, runs, server)
    result = {
        "question": question["name"],
        "target": question["target"] if "target" in question else None,
        "weir": own,
        "rowsScanned": answer["meta"]["rows_scanned"],
        "differences": [],
    }
    for peer in peers:
        sql = question["sql"].get(peer.name)
        if sql is None:
            continue
        rows, theirs = timed(lambda: peer.ask(sql), runs, Memory(peer.pid))
        convert = question["rows"]
        convert = convert[peer.name] if isinstance(convert, dict) else convert
        difference = differ(question, question["weir"](answer), convert(rows))
        if difference:
            result["differences"].append(f"{peer.name}: {difference}")
        result[peer.name] = {**theirs, "times": theirs["ms"] / max(own["ms"], 0.001), "equal": difference is None}
    return result


def line(result, peers):
    own = result["weir"]
    text = f"{result['question']:44} {own['ms']:9.3f} ({own['callMs']:8.3f})"
    for peer in peers:
        theirs = result.get(peer.name)
        text += f" {theirs['ms']:11.2f} {theirs['times']:7.1f}" if theirs else f" {'':11} {'':>7}"
    text += f" {result['target'] or '':>6}  {result['rowsScanned']}"
    return text + "".join(f"  ANSWERS DIFFER: {difference}" for difference in result["differences"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--clickhouse")
    parser.add_argument("--duckdb")
    parser.add_argument("--json")
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    weir = Weir(options.weir)
    directories = {"clickhouse": options.clickhouse, "duckdb": options.duckdb}
    peers = [Engine(name, directory) for name, directory in directories.items() if directory]
    first, last, events = bounds(weir)
    server = Memory(options.pid)
    results = []
    print(f"{events} events, medians of {options.runs}, warm, milliseconds; in parentheses with the call")
    head = "".join(f" {peer.name:>11} {'times':>7}" for peer in peers)
    print(f"{'question':44} {'Weir':>20}{head} {'target':>6}  rows scanned")
    for question in questions(first, last):
        if options.only not in question["name"]:
            continue
        # Questions without a target are there for the answers: asked twice, not timed for long.
        result = compare(question, weir, server, peers, options.runs if question.get("target") else 1)
        print(line(result, peers), flush=True)
        results.append(result)
    memory = [("Weir", [result["weir"]["peakMiB"] for result in results])]
    memory += [(peer.name, [result[peer.name]["peakMiB"] for result in results if peer.name in result]) for peer in peers]
    known = [f"{name} {max(peaks)}" for name, peaks in memory if peaks and peaks[0] is not None]
    print(f"resident memory at most, MiB: {', '.join(known)}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            versions = {peer.name: peer.version for peer in peers}
            json.dump({"events": events, "versions": versions, "questions": results}, file, indent=1)
    return 1 if any(result["differences"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
