#!/usr/bin/env bash
# demo.sh: the first run of pawl, from nothing to the history of an order.  `make demo` builds, then calls it.
# Starts pawld with a private PostgreSQL, and the demo functions, on free ports; stops them at its end.
set -euo pipefail
cd "$(dirname "$0")/.."
B=${B:-build}
unset PAWL_DATABASE # the demo has one of its own

# PostgreSQL refuses to run as root: then its files belong to user postgres, in a place that this user can enter.
data=.pawl
[ "$(id -u)" != 0 ] || data=/var/lib/pawl/demo
data=${PAWL_DATA_DIR:-$data}

bold= plain=
[ ! -t 1 ] || { bold=$'\e[1m' plain=$'\e[0m'; }
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

work=$(mktemp -d "${TMPDIR:-/tmp}/pawl-demo.XXXXXX")
started=()
cleanup() {
    local status=$?
    trap - EXIT
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || status=$?; done
    [ "$status" = 0 ] || { echo "the demo failed; the end of pawld's log:"; tail -n 20 "$work/pawld.log"; } >&2 2>/dev/null
    rm -rf "$work"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# serve NAME COMMAND...: starts a server, waits until it says where it listens, prints that.
serve() {
    local name=$1 pid
    shift
    : >"$work/$name.out"
    "$@" >>"$work/$name.out" 2>"$work/$name.log" </dev/null &
    pid=$!
    started=("$pid" ${started[@]+"${started[@]}"}) # the last one started is stopped first
    for _ in $(seq 900); do
        address=$(sed -n 's/^listening on //p' "$work/$name.out")
        [ -z "$address" ] || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    echo "$name did not start:" >&2
    tail -n 20 "$work/$name.log" >&2
    exit 1
}

say "The functions that the workflows call, and pawld with a PostgreSQL of its own in $data:"
serve functions "$B/pawl-functions" --listen 127.0.0.1:0
functions=$address
echo "functions  $functions"
mkdir -p "$data"
serve pawld "$B/pawld" --listen 127.0.0.1:0 --data-dir "$data"
export PAWL_ENDPOINT=$address PAWL_DATA_DIR=$data
echo "pawld      $PAWL_ENDPOINT"

say "The definitions in statemachines/ (their plain URLs pointed at the functions' port of today):"
for name in $("$B/pawl-functions" --names); do
    "$B/pawl" function "$name" "$functions/$name" >/dev/null
done
for file in statemachines/*.asl.json; do
    sed "s#http://127.0.0.1:9090/#$functions/#" "$file" >"$work/${file##*/}"
done
"$B/pawl" deploy "$work"/*.asl.json

order=demo-$(date +%Y%m%d-%H%M%S)-$$
say "One order, step by step. The bank is busy twice: ChargeCard is tried again after 1 and 2 seconds."
"$B/pawl" start order-fulfilment --name "$order" --input statemachines/order-fulfilment.input.json --wait

say "What PostgreSQL has of it (pawl sql, view pawl.steps: a row an attempt):"
"$B/pawl" sql -- -X -q -P pager=off -c "
    SELECT state, type, attempt AS try, extract(epoch FROM duration)::numeric(9, 3) AS seconds, error
      FROM pawl.steps WHERE execution = '$order' ORDER BY first_event_id"
say "The first events of its history (view pawl.history: numbered as GetExecutionHistory numbers them):"
"$B/pawl" sql -- -X -q -P pager=off -c "
    SELECT event_id, to_char(at, 'HH24:MI:SS.MS') AS at, type, state, left(output::text, 50) AS output
      FROM pawl.history WHERE execution = '$order' ORDER BY event_id LIMIT 12"

say "Now try it yourself. In three terminals:"
cat <<END
    $B/pawl-functions                    # one: the functions, on port 9090
    $B/pawld --data-dir $data    # two: pawld, on port 8080, with what this demo has stored

    for f in \$($B/pawl-functions --names); do $B/pawl function \$f http://127.0.0.1:9090/\$f; done
    $B/pawl deploy statemachines/*.asl.json
    $B/pawl start trip-booking --input statemachines/trip-booking.no-room.input.json --wait
    $B/pawl start order-fulfilment --input statemachines/order-fulfilment.input.json --wait
    $B/pawl ps
    $B/pawl show $order

Kill pawld (kill -9) in the midst of an order and start it again: the order goes on where it was.
README.md tells the rest; statemachines/README.md has more inputs.
END
