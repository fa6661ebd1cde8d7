#!/usr/bin/env bash
# Measures taking events in: in bulk beside ClickHouse's engine, one a request beside nginx, and as datagrams.
#
# usage: ingest-bench.sh BIN-DIRECTORY
#   EVENTS=N   events of the bulk stream (2,000,000)
#   RUNS=N     runs of each figure, of which the median is printed (3)
#   SECONDS_EACH=N  length of a run of single requests or datagrams (10)
#   PEERS=0    leaves ClickHouse and nginx out
#   WORK=DIR   where it works; ClickHouse's Python package stays there for the next run
# Needs two cores; wrk for single requests and nginx beside them (Debian packages).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1
events=${EVENTS:-2000000}
runs=${RUNS:-3}
seconds=${SECONDS_EACH:-10}
work=${WORK:-$here/../.build/bench}
chdb=chdb-core==26.9.0
mkdir -p "$work"
work=$(cd "$work" && pwd)
scratch=$(mktemp -d "$work/ingest.XXXXXX")
server=
proxy=
stop() { [ -z "$1" ] || { kill "$1" 2>/dev/null && wait "$1" 2>/dev/null; } || true; }
cleanup() {
    stop "$server"
    stop "$proxy"
    rm -rf "$scratch"
}
trap cleanup EXIT
median() { sort -n | awk '{value[NR] = $1} END {print value[int((NR + 1) / 2)]}'; }
# Starts a fresh server; the arguments before -- go in front of the program.
serve() {
    local before=()
    while [ "$1" != -- ]; do before+=("$1"); shift; done
    shift
    rm -rf "$scratch/data"
    "${before[@]}" "$bin/weir" serve --data "$scratch/data" --http 127.0.0.1:0 "$@" >"$scratch/out" 2>"$scratch/log" &
    server=$!
    until grep -q listening "$scratch/out"; do
        kill -0 "$server" 2>/dev/null || { cat "$scratch/log" >&2; exit 1; }
        sleep 0.05
    done
    url=http://$(sed -n 's/.*http=\([^ ]*\).*/\1/p' "$scratch/out")
    udp=$(sed -n 's/.*udp=\([^ ]*\).*/\1/p' "$scratch/out")
}
metric() { curl -s "$url/metrics" | awk -v name="$1" '$1 == name {print $2}'; }
end() { stop "$server"; server=; }

echo "machine: $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs), $(uname -sr)"

echo "== bulk: NDJSON over HTTP, 5,000 events a request, four connections, ids on, every answer after the sync;"
echo "   server and load generator share the cores"
"$bin/loadgen" generate --events "$events" --visitors 120000 --days 7 --seed 1 --output "$scratch/stream.ndjson" \
    2>/dev/null
for _ in $(seq "$runs"); do
    serve -- --udp off
    "$bin/loadgen" run --url "$url" --file "$scratch/stream.ndjson" --backfill --batch 5000 --connections 4 --json \
        2>/dev/null >"$scratch/run.json"
    python3 - "$scratch/run.json" >>"$scratch/bulk" <<'PYTHON'
import json, sys
print(json.load(open(sys.argv[1]))["events_per_second"])
PYTHON
    ticks=$(awk '{print $14 + $15}' "/proc/$server/stat")
    echo "$ticks $events" | awk '{print $1 * 10000 / $2}' >>"$scratch/bulk-cpu"
    end
done
bulk=$(median <"$scratch/bulk")
printf '   %-44s %12.0f events/s, %.2f us of the server'\''s processors an event\n' Weir "$bulk" \
    "$(median <"$scratch/bulk-cpu")"
if [ "${PEERS:-1}" != 0 ]; then
    if [ ! -x "$work/venv/bin/python" ]; then
        python3 -m venv "$work/venv" || { echo "python3-venv is needed, or PEERS=0" >&2; exit 1; }
    fi
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$chdb"
    "$work/venv/bin/python" "$here/peers/ingest_bench.py" "$scratch/stream.ndjson" "$scratch/clickhouse" "$runs" \
        >"$scratch/clickhouse.json"
    python3 - "$scratch/clickhouse.json" "$bulk" <<'PYTHON'
import json, sys
result = json.load(open(sys.argv[1]))
for name, way in result["ways"].items():
    print(f"   {'ClickHouse, ' + name:<44} {way['eventsPerSecond']:12.0f} events/s,"
          f" {way['processorMicrosecondsPerEvent']:.2f} us of its processors an event")
print(f"   Weir takes {float(sys.argv[2]) / result['eventsPerSecond']:.2f} times the events of ClickHouse's best")
PYTHON
fi
rm -f "$scratch/stream.ndjson"

echo "== single events: POST over 64 kept connections, ids on; the server on one core, wrk on the other"
singles() { taskset -c 1 wrk -t1 -c64 -d"${seconds}s" --latency -s "$here/single-events.lua" "$1/v1/events"; }
if command -v wrk >/dev/null; then
    if [ "${PEERS:-1}" != 0 ] && command -v nginx >/dev/null; then
        cat >"$scratch/nginx.conf" <<NGINX
worker_processes 1; daemon off; pid $scratch/pid; error_log $scratch/error.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000; client_body_temp_path $scratch/b; proxy_temp_path $scratch/p;
  fastcgi_temp_path $scratch/f; uwsgi_temp_path $scratch/u; scgi_temp_path $scratch/s;
  server { listen 127.0.0.1:9080; location / { return 204; } } }
NGINX
        taskset -c 0 nginx -c "$scratch/nginx.conf" -p "$scratch" 2>/dev/null &
        proxy=$!
    fi
    serve taskset -c 0 -- --udp off --threads 1
    # In turns, so that both see the same machine.
    for _ in $(seq "$runs"); do
        if [ -n "$proxy" ]; then
            singles http://127.0.0.1:9080 | awk '/Requests\/sec/ {print $2}' >>"$scratch/nginx"
        fi
        singles "$url" >"$scratch/wrk"
        awk '/Requests\/sec/ {print $2}' "$scratch/wrk" >>"$scratch/singles"
        ! grep "Non-2xx" "$scratch/wrk" || exit 1
    done
    accepted=$(metric weir_events_accepted_total)
    groups=$(metric weir_http_groups_total)
    end
    stop "$proxy"
    proxy=
    singles=$(median <"$scratch/singles")
    printf '   %-44s %12.0f requests/s, each parsed, deduplicated, durable\n' Weir "$singles"
    printf '   %-44s %12.1f\n' "events a commit" "$(echo "$accepted $groups" | awk '{print $1 / ($2 ? $2 : 1)}')"
    grep -E "50%|99%" "$scratch/wrk" | sed 's/^ */   latency /'
    if [ -s "$scratch/nginx" ]; then
        nginx=$(median <"$scratch/nginx")
        printf '   %-44s %12.0f requests/s, return 204\n' "nginx, one worker" "$nginx"
        echo "$singles $nginx" | awk '{printf "   Weir does %.2f of it\n", $1 / $2}'
    fi
else
    echo "   left out: wrk is not installed"
fi

echo "== acknowledgement at half the most: bulk requests of 500 events at a fixed rate, counted from when each was due"
serve -- --udp off
"$bin/loadgen" run --url "$url" --rate "$(echo "$bulk" | awk '{print int($1 / 2)}')" --batch 500 --connections 16 \
    --duration "${seconds}s" --seed 1 2>/dev/null | grep -E "events/s|p50|p99 " | sed 's/^/   /'
end

echo "== datagrams: one core receives, the other sends"
datagrams() {
    serve taskset -c 0 -- --udp 127.0.0.1:0 --threads 1
    taskset -c 1 "$bin/loadgen" run --udp "$udp" --batch "$1" --rate "$2" --duration "${seconds}s" --seed 1 --json \
        2>/dev/null >"$scratch/run.json"
    sleep 1
    printf '   %-20s sent %s, accepted %s, dropped by the kernel %s, in %s s\n' "$1 a datagram:" \
        "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["events_sent"])' "$scratch/run.json")" \
        "$(metric weir_events_accepted_total)" "$(metric 'weir_events_dropped_total{reason="kernel"}')" "$seconds"
    end
}
datagrams 1 400000
datagrams 10 1000000
