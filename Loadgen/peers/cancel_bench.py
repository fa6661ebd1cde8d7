#!/usr/bin/env python3
"""Measures how soon a query ends whose client goes away: heavy queries of each kind are left at different points of their way.

usage: cancel_bench.py --weir HOST:PORT [--rounds N]

A query's own time is taken first. Then it is asked again and its connection closed after a share of that time, and the metrics are
read until no query is being computed. What is printed is the time from the closing to that, which holds the reading itself, too.
"""

import argparse
import http.client
import json
import socket
import sys
import time

STEPS = [{"event": name} for name in ["page_view", "view_item", "add_to_cart", "purchase"]]
QUERIES = [
    ("aggregate", {"metrics": ["visitors", "p50:value", "p99:value"], "where": [{"dim": "event", "op": "is_not", "values": ["x"]}]}),
    ("aggregate", {"metrics": ["sessions", "bounce_rate", "session_duration"]}),
    ("timeseries", {"interval": "hour", "metrics": ["visitors"], "by": "country"}),
    ("top", {"by": ["path", "country"], "metrics": ["visitors"]}),
    ("top", {"by": "path", "where": [{"dim": "path", "op": "matches", "values": ["[13579]$"]}]}),
    ("funnel", {"steps": STEPS, "window": "1h", "by": "country"}),
    ("funnel", {"steps": STEPS, "window": "1h", "order": "any_order"}),
    ("retention", {"start": "page_view", "return": "purchase", "interval": "day", "intervals": 7}),
    ("paths", {"depth": 5}),
    ("sessions", {"limit": 10}),
    ("events", {"where": [{"dim": "value", "op": "gt", "values": [0]}], "limit": 1000}),
]
SHARES = [0.1, 0.3, 0.5, 0.7, 0.9]


def running(connection):
    connection.request("GET", "/metrics")
    for line in connection.getresponse().read().decode().splitlines():
        if line.startswith("weir_queries_running "):
            return float(line.split(" ")[1])
    sys.exit("the server has no metric weir_queries_running")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    host, port = options.weir.rsplit(":", 1)
    metrics = http.client.HTTPConnection(host, int(port))
    worst = 0
    for kind, query in QUERIES:
        body = json.dumps({**query, "cache": False})
        took = []
        for _ in range(2):
            asking = http.client.HTTPConnection(host, int(port))
            before = time.perf_counter()
            asking.request("POST", f"/v1/query/{kind}", body, {"Content-Type": "application/json"})
            answer = asking.getresponse()
            text = answer.read()
            if answer.status != 200:
                sys.exit(f"{kind} {body}: {answer.status} {text.decode()}")
            took.append(time.perf_counter() - before)
            asking.close()
        stopped, ended = [], 0
        head = f"POST /v1/query/{kind} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        for _ in range(options.rounds):
            for share in SHARES:
                client = socket.create_connection((host, int(port)))
                client.sendall((head + body).encode())
                time.sleep(took[-1] * share)
                was_running = running(metrics) > 0
                client.close()
                closed = time.perf_counter()
                while running(metrics) > 0:
                    time.sleep(0.001)
                if was_running:
                    stopped.append((time.perf_counter() - closed) * 1000)
                else:
                    ended += 1
        line = f"{kind:10} {took[-1] * 1000:8.0f} ms  {json.dumps(query)[:70]:70}"
        if stopped:
            worst = max(worst, *stopped)
            stopped.sort()
            line += f" stopped {len(stopped):3}: median {stopped[len(stopped) // 2]:6.1f} ms, longest {stopped[-1]:6.1f} ms; over before {ended}"
        print(line, flush=True)
    print(f"the longest of all {worst:.1f} ms")


if __name__ == "__main__":
    main()
