#!/usr/bin/env bash
# A server with a month of a shop's generated events, and a few more every second: demo.sh BIN DIRECTORY [HTTP]
set -euo pipefail
bin=$1 data=$2 http=${3:-127.0.0.1:8080}
site=shop
events=${DEMO_EVENTS:-600000}

"$bin/weir" serve --data "$data" --http "$http" --udp off &
server=$!
sender=
trap 'kill $server $sender 2>/dev/null || true; wait 2>/dev/null || true' EXIT
trap 'exit 0' INT TERM
until curl -fs "http://$http/readyz" >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || exit 1
    sleep 0.2
done

# A directory of an earlier demo goes on where it was left.
has=$(curl -fs "http://$http/v1/query/aggregate?site=$site&range=all&metrics=events" | sed 's/.*"events":\([0-9]*\).*/\1/')
if [ "$has" = 0 ]; then
    echo "generating a month of $events events"
    # The stream is in order of time; what would be in the future is left out, and the generator ends there.
    { "$bin/loadgen" generate --events "$events" --visitors 40000 --days 30 --start "$(date -u -d '29 days ago' +%F)" 2>/dev/null || true; } \
        | awk -v now="$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" 'substr($0, 10, 24) > now { exit } { print }' \
        | "$bin/weir" import --url "http://$http" --site "$site" -
fi
printf '\nThe dashboard: http://%s/?site=%s    Ctrl-C ends the demo; its data stay in %s.\n\n' "$http" "$site" "$data"

# Single events with the time of their sending, as beacons come.
while kill -0 "$server" 2>/dev/null; do
    "$bin/loadgen" run --url "http://$http" --site "$site" --rate 3 --batch 1 --connections 1 --visitors 200 --duration 1h >/dev/null 2>&1 &
    sender=$!
    wait "$sender" || sleep 1
done
