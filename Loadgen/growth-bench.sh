#!/usr/bin/env bash
# Asks the questions of peers-bench.sh over streams of growing size and prints how times and memory grow, beside
# ClickHouse's.
#
# usage: growth-bench.sh BIN-DIRECTORY [--json FILE]
#   SIZES="N N N"   events of each stream of seven days (2,000,000 20,000,000 200,000,000)
#   PEERS, RUNS, WORK as in peers-bench.sh; the largest size needs about 20 GB of disk and an hour for its first load
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1
json=
[ "${2:-}" != --json ] || json=$3
work=${WORK:-$here/../.build/bench}
mkdir -p "$work/results"
results=()
for size in ${SIZES:-2000000 20000000 200000000}; do
    echo "== $size events" >&2
    result=$work/results/queries-$size.json
    EVENTS=$size PEERS=${PEERS:-clickhouse} WORK=$work "$here/peers-bench.sh" "$bin" --json "$result" >&2
    results+=("$result")
done
python3 "$here/peers/growth_table.py" ${json:+--json "$json"} "${results[@]}"
