#!/usr/bin/env python3
"""Prints how times and memory grow with the number of events, from the results of query_bench.py.

usage: growth_table.py [--json FILE] RESULTS.json...
"""

import argparse
import json


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def cell(figures, name):
    """Milliseconds and MiB of one system."""
    own = figures.get(name)
    if not own:
        return "–"
    memory = f" ({own['peakMiB']})" if own["peakMiB"] is not None else ""
    return f"{own['ms']:,.2f}{memory}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("results", nargs="+")
    options = parser.parse_args()
    sizes = sorted((load(path) for path in options.results), key=lambda result: result["events"])
    systems = ["weir", *sizes[0]["versions"]]
    titles = [f"{system} {size['events'] / 1e6:g} M" for system in systems for size in sizes]
    print("Milliseconds, in parentheses MiB resident at most while the question was asked.\n")
    print(f"| question | {' | '.join(titles)} |")
    print(f"| --- |{' ---: |' * len(titles)}")
    by_name = [{row["question"]: row for row in size["questions"]} for size in sizes]
    table = []
    for name in by_name[0]:
        cells = [cell(rows.get(name, {}), system) for system in systems for rows in by_name]
        print(f"| {name} | {' | '.join(cells)} |")
        table.append({"question": name, "cells": dict(zip(titles, cells))})
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"sizes": [size["events"] for size in sizes], "table": table}, file, indent=1)


if __name__ == "__main__":
    main()
