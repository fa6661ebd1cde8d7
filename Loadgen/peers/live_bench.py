#!/usr/bin/env python3
"""Asks a dashboard's queries of a running server, idle and with ingest at half its maximum, and checks that acknowledged events are seen.

usage: live_bench.py --weir HOST:PORT --pid PID --loadgen FILE [--seconds N] [--json FILE]

Queries are computed afresh each time ("cache": false), one at a time, ten milliseconds apart, as a dashboard's panels ask. Latencies are those of the
call. The load generator runs on the same machine and takes its share of it.
"""

import argparse
import http.client
import json
import subprocess
import sys
import time

STEPS = ["page_view", "view_item", "add_to_cart", "purchase"]
DE = [{"dim": "country", "op": "is", "values": ["DE"]}]
# What the panels of a dashboard ask, over all that is stored.
PANELS = [
    ("visitors and events", "aggregate", {"metrics": ["events", "visitors"]}),
    ("visitors and events of one country", "aggregate", {"metrics": ["events", "visitors"], "where": DE}),
    ("series by hour", "timeseries", {"interval": "hour", "metrics": ["events"]}),
    ("visitors by day", "timeseries", {"interval": "day", "metrics": ["visitors"]}),
    ("top 10 paths", "top", {"by": "path"}),
    ("top 10 paths by exact visitors", "top", {"by": "path", "metrics": ["visitors"]}),
    ("top 10 countries", "top", {"by": "country"}),
    ("funnel of four steps", "funnel", {"steps": STEPS, "window": "1h"}),
    ("the last hour by minute", "timeseries", {"interval": "minute", "range": {"last": "1h"}}),
]
PAUSE = 0.01


class Client:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port))

    def send(self, method, path, body=None):
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            sys.exit(f"{path} {body}: {response.status} {text.decode()}")
        return text

    def ask(self, kind, query):
        """Milliseconds of the call."""
        body = json.dumps({**query, "cache": False})
        before = time.perf_counter()
        self.send("POST", f"/v1/query/{kind}", body)
        return (time.perf_counter() - before) * 1000


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure(client, seconds):
    """Percentiles of each panel; the panels are asked in turn."""
    taken = {name: [] for name, _, _ in PANELS}
    for name, kind, query in PANELS:
        client.ask(kind, query)
    until = time.monotonic() + seconds * len(PANELS)
    while time.monotonic() < until:
        for name, kind, query in PANELS:
            taken[name].append(client.ask(kind, query))
            time.sleep(PAUSE)
    return {
        name: {"count": len(values), "p50": percentile(values, 0.5), "p99": percentile(values, 0.99)}
        for name, values in taken.items()
    }


def visibility(client, rounds):
    """How often an acknowledged event was in the very next answer."""
    event = f"probe_{time.time_ns()}"
    query = {"metrics": ["events"], "where": [{"dim": "event", "op": "is", "values": [event]}], "range": {"last": "1h"}}
    seen = 0
    for number in range(1, rounds + 1):
        client.send("POST", "/v1/events", json.dumps({"event": event, "visitor": "probe"}))
        answer = json.loads(client.send("POST", "/v1/query/aggregate", json.dumps(query)))
        seen += answer["metrics"]["events"] == number
    return seen


def start(loadgen, url, seconds, rate=0):
    """A run of the load generator; a rate of 0 is as fast as the server takes it."""
    arguments = [loadgen, "run", "--url", url, "--batch", "1000", "--connections", "4", "--visitors", "300000", "--json"]
    arguments += ["--rate", str(rate), "--duration", f"{seconds}s"]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--loadgen", required=True)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--json")
    options = parser.parse_args()
    client, url = Client(options.weir), f"http://{options.weir}"
    print("== idle", file=sys.stderr)
    idle = measure(client, options.seconds)
    print("== the most that ingest takes", file=sys.stderr)
    most = json.loads(start(options.loadgen, url, 10).communicate()[0])
    rate = int(most["events_per_second"] / 2)
    print(f"== ingest at {rate} events/s", file=sys.stderr)
    load = start(options.loadgen, url, options.seconds * len(PANELS) + 30, rate)
    time.sleep(3)
    busy = measure(client, options.seconds)
    rounds = 200
    seen = visibility(client, rounds)
    memory = resident(options.pid)
    load.terminate()
    load.wait()
    print(f"ingest at most {most['events_per_second']:.0f} events/s, during the queries {rate}; resident {memory} MiB")
    print(f"{'panel':40} {'idle p50':>9} {'p99':>9} {'busy p50':>9} {'p99':>9} {'p99 ratio':>9}")
    for name, _, _ in PANELS:
        ratio = busy[name]["p99"] / idle[name]["p99"]
        print(
            f"{name:40} {idle[name]['p50']:9.2f} {idle[name]['p99']:9.2f} {busy[name]['p50']:9.2f} "
            f"{busy[name]['p99']:9.2f} {ratio:9.2f}")
    print(f"acknowledged events in the very next answer: {seen} of {rounds}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"most": most, "rate": rate, "idle": idle, "busy": busy, "seen": seen, "of": rounds, "residentMiB": memory}, file, indent=1)
    return 0 if seen == rounds else 1


if __name__ == "__main__":
    sys.exit(main())
