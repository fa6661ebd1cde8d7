#!/usr/bin/env bash
# How much slower a dashboard gets while events come in: the queries of a dashboard over a stored stream, first with the server
# idle, then with ingest at half the most it takes; and whether each acknowledged event is in the very next answer.
#
# usage: live-bench.sh BIN-DIRECTORY [--json FILE]
#   EVENTS=N      stored events of seven days (20,000,000)
#   SECONDS_EACH=N  how long each query is asked, idle and under load (10)
#   WORK=DIR      where it works; what was loaded stays there for the next run
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1
json=
[ "${2:-}" != --json ] || json=$3
events=${EVENTS:-20000000}
visitors=$((events * 6 / 100 > 1000 ? events * 6 / 100 : 1000))
seed=1
work=${WORK:-$here/../.build/bench}
mkdir -p "$work"
work=$(cd "$work" && pwd)
store=$work/queries-$events-$visitors-$seed
copy=$work/live
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$copy" "$work/live.out"
}
trap cleanup EXIT
if [ ! -e "$store/complete" ]; then
    echo "== loading $events events into Weir" >&2
    rm -rf "$store"
    mkdir -p "$store"
    "$bin/storage-bench" load --events "$events" --visitors "$visitors" --seed "$seed" --data "$store/data" \
        >"$store/load.json"
    touch "$store/complete"
fi
rm -rf "$copy"
cp -a "$store/data" "$copy"
"$bin/weir" serve --data "$copy" --http 127.0.0.1:0 --udp off >"$work/live.out" 2>"$work/live.log" &
server=$!
until grep -qs listening "$work/live.out"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/live.log" >&2; exit 1; }
    sleep 0.05
done
echo "machine: $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs), $(uname -sr)"
arguments=(--weir "$(sed -n 's/.*http=\([^ ]*\).*/\1/p' "$work/live.out")" --pid "$server" --loadgen "$bin/loadgen")
arguments+=(--seconds "${SECONDS_EACH:-10}")
[ -z "$json" ] || arguments+=(--json "$json")
python3 "$here/peers/live_bench.py" "${arguments[@]}"
