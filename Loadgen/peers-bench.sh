#!/usr/bin/env bash
# Asks Weir and ClickHouse's engine the same questions over the same events, checks that the answers are equal, and
# prints a table of times.
#
# usage: peers-bench.sh BIN-DIRECTORY [--json FILE]
#   EVENTS=N   events of the stream of seven days (20,000,000)
#   RUNS=N     timed runs of each question (9)
#   PEERS=0    leaves ClickHouse out
#   WORK=DIR   where it works; what was loaded stays there for the next run
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1
json=
[ "${2:-}" != --json ] || json=$3
events=${EVENTS:-20000000}
visitors=$((events * 6 / 100 > 1000 ? events * 6 / 100 : 1000))
seed=1
work=${WORK:-$here/../.build/bench}
chdb=chdb-core==26.9.0
mkdir -p "$work"
work=$(cd "$work" && pwd)
store=$work/queries-$events-$visitors-$seed
peer=$work/clickhouse-queries-$events-$visitors-$seed-${chdb##*=}
stream=$work/stream-$events-$visitors-$seed.ndjson
server=
owns_stream=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$owns_stream" ] || rm -f "$stream" "$stream.new"
    rm -f "$work/queries.out"
}
trap cleanup EXIT
say() { echo "== $*" >&2; }

python=python3
if [ "${PEERS:-1}" != 0 ]; then
    if [ ! -x "$work/venv/bin/python" ]; then
        say "installing $chdb into $work/venv"
        python3 -m venv "$work/venv" || { echo "python3-venv is needed, or PEERS=0" >&2; exit 1; }
    fi
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "$chdb"
    python=$work/venv/bin/python
    if [ ! -e "$peer/weir-bench-complete" ] && [ ! -s "$stream" ]; then
        say "writing $events events for ClickHouse (400 bytes each)"
        owns_stream=1
        "$bin/loadgen" generate --events "$events" --visitors "$visitors" --days 7 --seed "$seed" --no-ids \
            --output "$stream.new"
        mv "$stream.new" "$stream"
    fi
fi
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
until grep -q listening "$work/queries.out"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/queries.log" >&2; exit 1; }
    sleep 0.05
done
arguments=(--weir "$(sed -n 's/.*http=\([^ ]*\).*/\1/p' "$work/queries.out")" --runs "${RUNS:-9}")
[ -z "$json" ] || arguments+=(--json "$json")
if [ "${PEERS:-1}" = 0 ]; then
    arguments+=(--no-peer)
else
    arguments+=(--clickhouse "$peer")
    [ ! -s "$stream" ] || arguments+=(--stream "$stream")
fi
"$python" "$here/peers/query_bench.py" "${arguments[@]}"
