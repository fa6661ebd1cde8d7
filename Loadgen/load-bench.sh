#!/usr/bin/env bash
# Loads generated events into a fresh server over HTTP, each answer durable, and times queries over all of them.
# usage: load-bench.sh BIN-DIRECTORY EVENTS
set -euo pipefail
bin=$1
events=$2
work=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

echo "machine: $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs), $(uname -sr)"
echo "== generating $events events over seven days (seed 1)"
"$bin/loadgen" generate --events "$events" --visitors 300000 --days 7 --seed 1 --output "$work/events.ndjson"
"$bin/weir" serve --data "$work/data" --http 127.0.0.1:0 --udp off >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 100); do grep -q listening "$work/out" && break; sleep 0.1; done
url="http://$(sed -n 's/.*http=\([^ ]*\).*/\1/p' "$work/out")"

echo "== load: NDJSON, 2,000 events a request, four connections, ids on, every answer after the sync"
"$bin/loadgen" run --url "$url" --file "$work/events.ndjson" --backfill --batch 2000 --connections 4 2>/dev/null

# The median of seven answers' own times, after one to warm up.
ask() {
    local name=$1 kind=$2 body=$3 times
    # Computed each time: what is timed is the query, not the kept answer.
    body="{\"cache\":false,${body#\{}"
    curl -sf "$url/v1/query/$kind" -d "$body" >/dev/null
    times=$(for _ in 1 2 3 4 5 6 7; do
        curl -sf "$url/v1/query/$kind" -d "$body" | grep -o '"took_ms":[0-9.]*' | cut -d: -f2
    done | sort -n)
    printf '%-44s %8s ms   (best %s, worst %s)\n' "$name" \
        "$(sed -n 4p <<<"$times")" "$(sed -n 1p <<<"$times")" "$(sed -n 7p <<<"$times")"
}
queries() {
    ask "funnel of four steps, one hour" funnel '{"steps":[{"event":"page_view"},{"event":"view_item"},{"event":"add_to_cart"},{"event":"purchase"}],"window":"1h"}'
    ask "funnel of three steps, one country" funnel '{"steps":[{"event":"view_item"},{"event":"add_to_cart"},{"event":"purchase"}],"window":"1h","where":[{"dim":"country","op":"is","values":["DE"]}]}'
    ask "top 10 paths" top '{"by":"path"}'
    ask "top 10 paths with exact visitors" top '{"by":"path","metrics":["events","visitors"]}'
    ask "top 10 paths of one country" top '{"by":"path","where":[{"dim":"country","op":"is","values":["DE"]}]}'
    ask "events and exact visitors" aggregate '{"metrics":["events","visitors"]}'
    ask "hourly series" timeseries '{"interval":"hour","metrics":["events"]}'
}
echo "== queries right after the load, partly in flight (median of seven)"
queries
curl -sf -X POST "$url/v1/admin/flush" >/dev/null
echo "== queries with everything sealed"
queries
echo "== disk: $(du -sh --apparent-size "$work/data" | cut -f1), memory: $(awk '/VmRSS/ {print $2 " kB"}' "/proc/$server/status")"
