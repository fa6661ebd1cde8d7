#!/usr/bin/env python3
"""Asks a dashboard's queries of a running server, idle and with ingest at half its maximum, and checks that acknowledged events are seen.

usage: live_bench.py --weir HOST:PORT --pid PID --loadgen FILE [--seconds N] [--json FILE]

Queries are asked one at a time, ten milliseconds apart, as a dashboard's panels ask. Latencies are those of the call. Four times:

  idle     nothing else runs; computed afresh ("cache": false)
  burned   the same while other processes use as much of the processor as the load generator and the server's ingest do: how much
           slower queries get because they share the machine, whatever the server does
  fresh    with ingest at half its maximum, computed afresh
  asked    with ingest at half its maximum, as a dashboard asks: what is kept of earlier askings may be used

The load generator runs on the same machine and takes its share of it. Before the idle figures are taken, the server has taken in at its
maximum and has then finished what it merges in the background, which is the state that half the maximum finds.
"""

import argparse
import http.client
import json
import os
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
    def __init__(self, address, pid):
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port))
        self.pid = pid

    def send(self, method, path, body=None):
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            sys.exit(f"{path} {body}: {response.status} {text.decode()}")
        return text

    def ask(self, kind, query, fresh=True):
        """Milliseconds of the call."""
        body = json.dumps({**query, "cache": False} if fresh else query)
        before = time.perf_counter()
        self.send("POST", f"/v1/query/{kind}", body)
        return (time.perf_counter() - before) * 1000

    def metric(self, name):
        """The sum of a metric's samples."""
        lines = self.send("GET", "/metrics").decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure(client, seconds, modes=(True,)):
    """Percentiles of each panel, for each of the modes (whether afresh); the panels are asked in turn."""
    taken = [{name: [] for name, _, _ in PANELS} for _ in modes]
    for name, kind, query in PANELS:
        for fresh in modes:
            client.ask(kind, query, fresh)
    until = time.monotonic() + seconds * len(PANELS) * len(modes)
    while time.monotonic() < until:
        for name, kind, query in PANELS:
            for values, fresh in zip(taken, modes):
                values[name].append(client.ask(kind, query, fresh))
                time.sleep(PAUSE)
    return [
        {
            name: {"count": len(values), "p50": percentile(values, 0.5), "p99": percentile(values, 0.99)}
            for name, values in of_mode.items()
        }
        for of_mode in taken
    ]


def settle(client, most=120):
    """Waits until merging in the background is done."""
    until, last, quiet = time.monotonic() + most, None, 0
    while time.monotonic() < until and quiet < 5:
        used = processor(client.pid)
        quiet = quiet + 1 if last is not None and used - last < 0.05 else 0
        last = used
        time.sleep(1)


def processor(pid):
    """Seconds of the processor that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def shares(pids, seconds):
    """How many cores some processes use together."""
    before = sum(map(processor, pids))
    time.sleep(seconds)
    return (sum(map(processor, pids)) - before) / seconds


BURNERS = 4
BURN = """
import sys, time
share, period = float(sys.argv[1]), 0.004
while True:
    start = time.perf_counter()
    while time.perf_counter() - start < share * period: pass
    time.sleep((1 - share) * period)
"""


def burn(cores):
    """Processes that use so many cores together, a few milliseconds at a time."""
    return [subprocess.Popen([sys.executable, "-c", BURN, str(min(0.99, cores / BURNERS))]) for _ in range(BURNERS)]


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
    parser.add_argument("--rate", type=int, help="events a second instead of half the maximum")
    parser.add_argument("--json")
    options = parser.parse_args()
    client, url = Client(options.weir, options.pid), f"http://{options.weir}"
    print("== the most that ingest takes", file=sys.stderr)
    most = json.loads(start(options.loadgen, url, 10).communicate()[0])
    rate = options.rate or int(most["events_per_second"] / 2)
    settle(client)
    print("== idle", file=sys.stderr)
    (idle,) = measure(client, options.seconds)
    print(f"== ingest at {rate} events/s", file=sys.stderr)
    load = start(options.loadgen, url, options.seconds * len(PANELS) * 2 + 60, rate)
    time.sleep(3)
    cores = shares([load.pid, options.pid], 6)
    fresh, asked = measure(client, options.seconds, (True, False))
    rounds = 200
    seen = visibility(client, rounds)
    memory = resident(options.pid)
    load.terminate()
    load.wait()
    settle(client)
    print(f"== {cores:.2f} cores burned", file=sys.stderr)
    others = burn(cores)
    time.sleep(1)
    (burned,) = measure(client, options.seconds)
    for other in others:
        other.kill()
        other.wait()
    print(f"ingest at most {most['events_per_second']:.0f} events/s, during the queries {rate}, which takes {cores:.2f} cores with the generator; "
          f"resident {memory} MiB")
    print(f"{'':40} {'idle':>15} {'burned':>15} {'':>6} {'fresh':>15} {'':>6} {'asked':>15}")
    print(f"{'panel, milliseconds':40}" + f" {'p50':>7} {'p99':>7}" * 2 + " " + f"{'ratio':>6} {'p50':>7} {'p99':>7} " * 2 + f"{'ratio':>6}")
    for name, _, _ in PANELS:
        base = idle[name]["p99"]
        line = f"{name:40} {idle[name]['p50']:7.2f} {base:7.2f}"
        for values in (burned, fresh, asked):
            line += f" {values[name]['p50']:7.2f} {values[name]['p99']:7.2f} {values[name]['p99'] / base:6.2f}"
        print(line)
    print(f"acknowledged events in the very next answer: {seen} of {rounds}")
    if options.json:
        figures = {"most": most, "rate": rate, "cores": cores, "idle": idle, "burned": burned, "fresh": fresh, "asked": asked}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({**figures, "seen": seen, "of": rounds, "residentMiB": memory}, file, indent=1)
    return 0 if seen == rounds else 1


if __name__ == "__main__":
    sys.exit(main())
