#!/usr/bin/env bash
# Asks Weir, ClickHouse's engine and DuckDB the same questions over the same events, checks that the answers are equal,
# and prints a table of times and memory.
#
# usage: peers-bench.sh BIN-DIRECTORY [--json FILE]
#   EVENTS=N   events of the stream of seven days (20,000,000)
#   RUNS=N     timed runs of each question (9)
#   PEERS="clickhouse duckdb"   who stands beside Weir; 0 for nobody
#   ONLY=TEXT  only the questions whose names hold this
#   WORK=DIR   where it works; what was loaded stays there for the next run
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1
json=
[ "${2:-}" != --json ] || json=$3
events=${EVENTS:-20000000}
visitors=$((events * 6 / 100 > 1000 ? events * 6 / 100 : 1000))
seed=1
peers=${PEERS:-clickhouse duckdb}
[ "$peers" != 0 ] || peers=
work=${WORK:-$here/../.build/bench}
declare -A packages=([clickhouse]=chdb-core==26.9.0 [duckdb]=duckdb==2.0.0)
mkdir -p "$work"
work=$(cd "$work" && pwd)
store=$work/queries-$events-$visitors-$seed
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -f "$work/queries.out" "$work/stream.pipe"
}
trap cleanup EXIT
say() { echo "== $*" >&2; }

python=python3
arguments=(--runs "${RUNS:-9}" --only "${ONLY:-}")
for peer in $peers; do
    package=${packages[$peer]}
    if [ ! -x "$work/venv/bin/python" ]; then
        say "making a virtual environment in $work/venv"
        python3 -m venv "$work/venv" || { echo "python3-venv is needed, or PEERS=0" >&2; exit 1; }
    fi
    python=$work/venv/bin/python
    "$python" -m pip install --quiet --disable-pip-version-check "$package"
    table=$work/$peer-queries-$events-$visitors-$seed-${package##*=}
    if [ ! -e "$table/weir-bench-complete" ]; then
        say "loading $events events into $peer"
        # Through a pipe: the stream of 400 bytes an event need not fit the disk.
        rm -f "$work/stream.pipe"
        mkfifo "$work/stream.pipe"
        "$bin/loadgen" generate --events "$events" --visitors "$visitors" --days 7 --seed "$seed" --no-ids \
            --output "$work/stream.pipe" &
        "$python" "$here/peers/engines.py" load "$peer" "$table" "$work/stream.pipe"
        wait $!
    fi
    arguments+=("--$peer" "$table")
done
if [ ! -e "$store/complete" ]; then
    say "loading $events events into Weir"
    rm -rf "$store"
    mkdir -p "$store"
    "$bin/storage-bench" load --events "$events" --visitors "$visitors" --seed "$seed" --data "$store/data" \
        >"$store/load.json"
    touch "$store/complete"
fi

echo "machine: $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs), $(uname -sr)"
"$bin/weir" serve --data "$store/data" --http 127.0.0.1:0 --udp off >"$work/queries.out" 2>"$work/queries.log" &
server=$!
until grep -qs listening "$work/queries.out"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/queries.log" >&2; exit 1; }
    sleep 0.05
done
arguments+=(--weir "$(sed -n 's/.*http=\([^ ]*\).*/\1/p' "$work/queries.out")" --pid "$server")
[ -z "$json" ] || arguments+=(--json "$json")
"$python" "$here/peers/query_bench.py" "${arguments[@]}"
