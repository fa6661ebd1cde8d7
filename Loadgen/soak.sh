#!/usr/bin/env bash
# Keeps a fresh server busy for a long time and watches whether it grows or errs.
# usage: soak.sh BIN-DIRECTORY DURATION [OPTIONS OF loadgen soak]
set -euo pipefail
bin=$1
duration=$2
shift 2
work=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
"$bin/weir" serve --data "$work/data" --http 127.0.0.1:0 --udp off >"$work/out" 2>"$work/log" &
server=$!
until grep -qs listening "$work/out"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.05
done
"$bin/loadgen" soak --url "http://$(sed -n 's/.*http=\([^ ]*\).*/\1/p' "$work/out")" --pid "$server" \
    --data "$work/data" --duration "$duration" "$@"
