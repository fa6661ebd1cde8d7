#!/usr/bin/env bash
# Measures the storage engine: bytes an event, sealing, compacting and decoding, restart, memory, sorted runs; with
# ClickHouse's engine beside it. Prints a table.
#
# usage: storage-bench.sh BIN-DIRECTORY [--json FILE]
#   EVENTS=N      events of the stream of seven days (20,000,000)
#   EVENTS_BIG=N  events of the big store of 35 days (100,000,000); 0 leaves out what needs it
#   IN_FLIGHT=N   events in flight at the restart (5,000,000)
#   PEERS=0       leaves ClickHouse out
#   STEPS=...     some of: load decode ids inflight big; the other results are those of the last run
#   WORK=DIR      where it works; keeps ClickHouse's result and Weir's last ones
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1
json=
[ "${2:-}" != --json ] || json=$3
events=${EVENTS:-20000000}
big=${EVENTS_BIG:-100000000}
in_flight=${IN_FLIGHT:-5000000}
steps=" ${STEPS:-load decode ids inflight big} "
work=${WORK:-$here/../.build/bench}
visitors=$((events * 6 / 100 > 1000 ? events * 6 / 100 : 1000))
seed=1
cache_mib=256
ingest_rate=20000
load_seconds=60
chdb=chdb-core==26.9.0

mkdir -p "$work/results"
work=$(cd "$work" && pwd)
results=$work/results
data=$work/data
server=
helpers=()
cleanup() {
    local helper
    for helper in $server "${helpers[@]}"; do kill "$helper" 2>/dev/null || true; done
    rm -rf "$data" "$work/clickhouse"
}
trap cleanup EXIT
rm -rf "$data"
mkdir -p "$data"
wants() { [[ $steps == *" $1 "* ]]; }
say() { echo "== $*" >&2; }
now() { date +%s.%N; }
seconds_since() { awk -v a="$1" -v b="$(now)" 'BEGIN {printf "%.3f", b - a}'; }
# The number a JSON result has under a name that occurs once.
field() { sed -n "s/^ *\"$1\" *: *\([0-9.e+-]*\),*$/\1/p" "$2" | head -1; }
list() { paste -sd, "$1"; }
bench() { "$bin/storage-bench" "$@"; }
# A result is complete or not there at all.
result() {
    local name=$1
    shift
    rm -f "$results/$name.json"
    "$@" >"$results/$name.new"
    mv "$results/$name.new" "$results/$name.json"
}

# MARK: ClickHouse

# The result is kept, since it does not change with Weir. The stream is a file for this alone: Weir's side generates it
# anew each time, which is quicker than reading it.
peer=$work/clickhouse-$events-$visitors-$seed-${chdb##*=}.json
measure_clickhouse() {
    [ ! -s "$peer" ] || return 0
    if [ ! -x "$work/venv/bin/python" ]; then
        say "installing $chdb into $work/venv"
        python3 -m venv "$work/venv" || { echo "python3-venv is needed, or PEERS=0" >&2; exit 1; }
    fi
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$chdb"
    local stream=$work/stream-$events-$visitors-$seed.ndjson is_ours=
    if [ ! -s "$stream" ]; then
        say "writing $events events for ClickHouse (400 bytes each)"
        is_ours=1
        "$bin/loadgen" generate --events "$events" --visitors "$visitors" --days 7 --seed "$seed" --no-ids \
            --output "$stream.new"
        mv "$stream.new" "$stream"
    fi
    say "ClickHouse: loading and merging $events events"
    "$work/venv/bin/python" "$here/peers/clickhouse_storage.py" "$stream" "$work/clickhouse" "$peer"
    [ -z "$is_ours" ] || rm -f "$stream"
}

# MARK: The server

# Starts the server on a directory and sets $server, $url and $took, the seconds until it listens.
start() {
    : >"$data/out"
    local began
    began=$(now)
    "$bin/weir" serve --data "$1" --http 127.0.0.1:0 --udp off "${@:2}" >"$data/out" 2>"$data/log" &
    server=$!
    until grep -q listening "$data/out"; do
        kill -0 "$server" 2>/dev/null || { cat "$data/log" >&2; exit 1; }
        sleep 0.005
    done
    took=$(seconds_since "$began")
    url="http://$(sed -n 's/.*http=\([^ ]*\).*/\1/p' "$data/out")"
}

# Ends it with a signal.
stop() {
    kill "-$1" "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}

resident() { awk '/^VmRSS/ {printf "%.1f\n", $2 / 1024}' "/proc/$server/status"; }

ask() { curl -sf -o /dev/null "$url/v1/query/$1" -d "$2" && echo >>"$data/asked"; }
# Asks one query after the other until it is ended.
ask_on() {
    trap 'exit 0' TERM
    while true; do
        ask funnel '{"steps":[{"event":"page_view"},{"event":"view_item"},{"event":"add_to_cart"},{"event":"purchase"}],"window":"1h"}'
        ask top '{"by":"path"}'
        ask top '{"by":"path","metrics":["events","visitors"]}'
        ask top '{"by":"path","where":[{"dim":"country","op":"is","values":["DE"]}]}'
        ask aggregate '{"metrics":["events","visitors","sum:value"]}'
        ask timeseries '{"interval":"day","metrics":["events"]}'
        sleep 0.2
    done
}

measure_memory() {
    start "$1" --cache-limit "${cache_mib}MiB"
    sleep 10
    for _ in $(seq 10); do
        resident
        sleep 0.5
    done >"$data/idle"
    # From here on the peak is that of the load.
    echo 5 >"/proc/$server/clear_refs" 2>/dev/null || true
    : >"$data/asked"
    : >"$data/loaded"
    ask_on &
    helpers=($!)
    (while resident >>"$data/loaded" 2>/dev/null; do sleep 0.5; done) &
    helpers+=($!)
    "$bin/loadgen" run --url "$url" --rate "$ingest_rate" --duration "${load_seconds}s" --batch 100 --connections 4 \
        --seed 7 --json >"$data/ingest.json" 2>/dev/null
    kill "${helpers[@]}" 2>/dev/null || true
    helpers=()
    local peak
    peak=$(awk '/^VmHWM/ {printf "%.1f", $2 / 1024}' "/proc/$server/status")
    stop TERM
    local sent
    sent=$(tr ',' '\n' <"$data/ingest.json" | sed -n 's/.*"accepted":\([0-9]*\).*/\1/p' | head -1)
    printf '{"events": %s, "cacheMiB": %s, "idleMiB": [%s], "loadedMiB": [%s], "peakMiB": %s, "ingestRate": %s, "queries": %s}\n' \
        "$2" "$cache_mib" "$(list "$data/idle")" "$(list "$data/loaded")" "$peak" \
        "$(awk -v n="$sent" -v s="$load_seconds" 'BEGIN {printf "%.0f", n / s}')" "$(wc -l <"$data/asked")"
}

# MARK: Steps

# What others take of the machine meanwhile, since it changes all that is told by the wall.
busy() { awk '/^cpu / {print $2 + $3 + $4 + $7 + $8, $9}' /proc/stat; }
own() { awk '{print $14 + $15 + $16 + $17}' "/proc/$$/stat"; }
read -r busy_before stolen_before < <(busy)
own_before=$(own)
began=$(now)

machine="$(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs), $(uname -sr)"
[ "${PEERS:-1}" = 0 ] || measure_clickhouse

if wants load || wants decode; then
    say "loading $events events of seven days"
    result load bench load --events "$events" --visitors "$visitors" --seed "$seed" --close-month --data "$data/week"
    result sizes bench sizes --data "$data/week"
fi
if wants decode; then
    say "decoding every column"
    # Freed memory is kept: what counts is decoding, not how the system finds pages, which a server has found long since.
    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=4294967296 \
        result decode bench decode --data "$data/week"
fi
rm -rf "$data/week"

if wants ids; then
    say "ids"
    result ids bench ids --events $((events / 20)) --visitors "$visitors" --days 1 --data "$data/ids"
    rm -rf "$data/ids"
fi

if wants inflight; then
    say "starting with $in_flight events in flight, three times"
    rm -f "$results/inflight.json" "$data/seconds"
    bench load --in-flight --events "$in_flight" --visitors "$visitors" --days 2 --data "$data/flight" \
        >"$data/flight.json"
    for _ in 1 2 3; do
        # What is in flight begins to be sealed at once, so each start has a copy.
        cp -r "$data/flight" "$data/copy"
        start "$data/copy"
        stop KILL
        echo "$took" >>"$data/seconds"
        rm -rf "$data/copy"
    done
    printf '{"events": %s, "seconds": [%s]}\n' "$(field rowsInFlight "$data/flight.json")" "$(list "$data/seconds")" \
        >"$results/inflight.json"
    rm -rf "$data/flight"
fi

if wants big && [ "$big" != 0 ]; then
    say "loading $big events of 35 days, one in a hundred of them late"
    rm -f "$results/sealed.json" "$results/memory.json" "$data/seconds"
    result big bench load --events "$big" --visitors $((big * 6 / 100)) --days 35 --late-every 100 --census \
        --close-month --data "$data/big"
    rows=$(field sealedRows "$results/big.json")
    say "starting with $rows events sealed, three times"
    for _ in 1 2 3; do
        start "$data/big"
        stop TERM
        echo "$took" >>"$data/seconds"
    done
    printf '{"events": %s, "seconds": [%s]}\n' "$rows" "$(list "$data/seconds")" >"$results/sealed.json"
    say "memory: idle, then $ingest_rate events/s beside queries for $load_seconds s"
    result memory measure_memory "$data/big" "$rows"
    rm -rf "$data/big"
elif wants big; then
    say "counting sorted runs over 35 days"
    rm -f "$results/big.json" "$results/sealed.json" "$results/memory.json"
    result census bench load --events $((events / 4)) --visitors "$visitors" --days 35 --late-every 100 --census \
        --body 500 --data "$data/census"
    rm -rf "$data/census"
fi

read -r busy_after stolen_after < <(busy)
machine+=$(awk -v b=$((busy_after - busy_before)) -v o=$(($(own) - own_before)) -v s=$((stolen_after - stolen_before)) \
    -v t="$(seconds_since "$began")" -v n="$(nproc)" -v h="$(getconf CLK_TCK)" 'BEGIN {
        all = t * n * h; other = b > o ? b - o : 0
        printf "; in %.0f s, others took %.0f %% of it and %.1f %% were stolen", t, 100 * other / all, 100 * s / all}')
arguments=(--results "$results" --machine "$machine")
[ ! -s "$peer" ] || arguments+=(--clickhouse "$peer")
[ -z "$json" ] || arguments+=(--json "$json")
bench report "${arguments[@]}"
