#!/usr/bin/env bash
# test_cli.sh BUILD: `pawl` as people use it, against a pawld with a PostgreSQL of its own and the demo functions.
set -uo pipefail
cd "$(dirname "$0")/../.."
B=${1:-build}
work=$(mktemp -d "${TMPDIR:-/tmp}/pawl-cli.XXXXXX")
chmod 755 "$work"
started=()
failed=0 passed=0
cleanup() { # the servers must still be there, and end in order when they are asked to
    local status=$?
    trap - EXIT
    for pid in "${started[@]}"; do kill "$pid" || failed=$((failed + 1)); done
    for pid in "${started[@]}"; do
        wait "$pid" || { echo "FAILED: process $pid ended with exit status $?"; failed=$((failed + 1)); }
    done
    [ "$failed" = 0 ] || { status=1; tail -n 20 "$work/pawld.log"; }
    rm -rf "$work"
    exit "$status"
}
trap cleanup EXIT
unset PAWL_DATABASE PAWL_DATA_DIR PAWL_ENDPOINT
export NO_COLOR=1

serve() { # NAME COMMAND...: sets address
    local name=$1
    shift
    : >"$work/$name.out"
    "$@" >>"$work/$name.out" 2>"$work/$name.log" </dev/null &
    started=("$!" ${started[@]+"${started[@]}"})
    for _ in $(seq 600); do
        address=$(sed -n 's/^listening on //p' "$work/$name.out")
        [ -z "$address" ] || return 0
        kill -0 "${started[0]}" 2>/dev/null || break
        sleep 0.1
    done
    echo "$name did not start:"
    tail -n 20 "$work/$name.log"
    exit 1
}

# pawl "SAYS" STATUS PATTERN ARGUMENTS...: runs pawl; its exit status and what it prints must be as said.
# PATTERN is an extended regular expression that one line must match; "!PATTERN": none may.
pawl() {
    local says=$1 status=$2 pattern=$3 got
    shift 3
    timeout 60 "$B/pawl" "$@" >"$work/out" 2>&1 <"${input:-/dev/null}"
    got=$?
    if [ "$got" = "$status" ] && { { [ "${pattern#!}" = "$pattern" ] && grep -qE -- "$pattern" "$work/out"; } ||
        { [ "${pattern#!}" != "$pattern" ] && ! grep -qE -- "${pattern#!}" "$work/out"; }; }; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $says: pawl $*: exit status $got ($status was expected), pattern $pattern, output:"
        head -n 30 "$work/out"
    fi
}
also() { # SAYS PATTERN: the last output has this line too
    if grep -qE -- "$2" "$work/out"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $1: no line matches $2:"
        head -n 40 "$work/out"
    fi
}

# ---- without a server ----
pawl "help lists the commands" 0 '^  start ' help
pawl "help of a command" 0 '^Usage: pawl start ' help start
pawl "--help does the same" 0 '^Usage: pawl start ' start --help
pawl "no command is a wrong call" 2 'usage: pawl'
pawl "a command that does not exist" 2 'no command fly' fly
pawl "an option that does not exist" 2 'unrecognized option' ps --fly
pawl "start needs a machine" 2 'name of a state machine was expected' start
pawl "show needs an execution" 2 'an execution was expected' show
pawl "two machines are one too many" 2 'one state machine' start a b
pawl "nobody listens there" 1 'no pawld answers at http://127.0.0.1:1 ' ps --endpoint http://127.0.0.1:1
pawl "a wrong URL" 1 'pawld at no such thing' ps --endpoint 'no such thing'
pawl "the definitions are valid" 0 'order-fulfilment.asl.json' validate statemachines/*.asl.json
echo '{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","Next":"B","Catch":[{"ErrorEquals":["E"],"Next":"C"}]}' >"$work/state.json"
export PAWL_ENDPOINT=http://127.0.0.1:1
pawl "a state is tried with a mocked result" 0 '^\{"status":"SUCCEEDED","output":\[1\],"nextState":"B"\}$' test-state "$work/state.json" --mock-result '[1]'
pawl "with a mocked error that is caught" 0 '"status":"CAUGHT_ERROR".*"nextState":"C"' test-state "$work/state.json" --mock-error E --mock-cause why
pawl "with one that is not" 1 '^\{"status":"FAILED","error":"F"\}$' test-state "$work/state.json" --mock-error F
pawl "with one that is retried" 1 '"status":"RETRIABLE".*"retryBackoffIntervalSeconds":2' test-state statemachines/order-fulfilment.asl.json ChargeCard \
    --mock-error Bank.Busy --retries 1 --level debug --input '{"orderId": 1, "card": "c", "price": {"total": 9}, "simulate": {}}'
echo '{"Type":"Pass","Parameters":{"a.$":"$x"},"Assign":{"x":2},"End":true}' >"$work/pass.json"
pawl "with variables" 0 '"output":\{"a":1\}.*"variables":\{"x":2\}' test-state "$work/pass.json" --variables '{"x": 1}' --level debug
pawl "a context comes with a mock alone" 1 'ValidationException: TestState does not support Context' test-state "$work/state.json" --context '{}'
pawl "a state that is not there" 1 'ValidationException: State not found in definition' test-state statemachines/trip-booking.asl.json Nowhere
pawl "a level that is none" 2 'unknown word loud' test-state "$work/state.json" --level loud
pawl "without a mock pawld is asked" 1 'no pawld answers at http://127.0.0.1:1 ' test-state "$work/state.json"
unset PAWL_ENDPOINT
pawl "sql says where it looked" 1 'no PostgreSQL runs in .*/nowhere' sql --data-dir "$work/nowhere"

# ---- with one ----
serve functions "$B/pawl-functions" --listen 127.0.0.1:0
functions=$address
serve pawld "$B/pawld" --listen 127.0.0.1:0 --data-dir "$work/data"
export PAWL_ENDPOINT=$address

pawl "a function is registered" 0 '^echo +http' function echo "$functions/echo" --header 'X-Key: s3cret' --timeout 30 --max-concurrency 5
also "its header's name is shown" 'X-Key'
pawl "and listed, without its secrets" 0 '!s3cret' function --json
also "with its limits" '"maxConcurrency": ?5'
pawl "a function that is not there" 1 'ResourceNotFound' function nobody
pawl "a URL that is none" 1 'ValidationException' function bad 'ftp://x/'
pawl "a number that is none" 1 'timeoutSeconds' function bad http://127.0.0.1:1/ --timeout soon
pawl "a function is deleted" 0 'echo deleted' function echo --delete
for f in $("$B/pawl-functions" --names); do "$B/pawl" function "$f" "$functions/$f" >/dev/null || exit 1; done

pawl "a state is tried with a real call" 0 '^\{"status":"SUCCEEDED","output":\{"a":1\},"nextState":"B"\}$' test-state "$work/state.json" --input '{"a": 1}'
pawl "definitions are deployed by their files' names" 0 '^trip-booking created$' deploy statemachines/order-fulfilment.asl.json statemachines/trip-booking.asl.json
pawl "again changes nothing" 0 '^trip-booking unchanged$' deploy statemachines/trip-booking.asl.json
echo '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}' >"$work/broken.json"
pawl "a broken definition is refused with its place" 1 'broken.json: InvalidDefinition: .*/States/A' deploy "$work/broken.json"
pawl "a file that is not there" 1 'nofile: No such file' deploy nofile
echo '{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":600,"End":true}}}' >"$work/sleeper.asl"
pawl "standard input needs a name" 2 'needs --name' deploy -
input=$work/sleeper.asl pawl "and takes it" 0 '^nap created$' deploy - --name nap

order=(start order-fulfilment --wait --input)
pawl "an order goes through, step by step" 0 '^ +[0-9.]+ s  ChargeCard +failed .* attempt 1  Bank.Busy: the bank answers later$' \
    "${order[@]}" statemachines/order-fulfilment.input.json --name first
also "the retries succeed" 'ChargeCard +ok .* after 3 attempts$'
also "the Map says how many" 'ReserveLines +map of 3$'
also "iterations are indented and numbered" ' s    \[2\] ReserveLine +ok '
also "so are branches" ' s    \[1\] WriteInvoice +ok '
also "waits are announced" '\[0\] CourierComes +waits$'
also "the end is told" '^SUCCEEDED after '
also "with the output" '"trackingNumber"'
pawl "a declined card ends it" 1 '^Card.Declined: the bank declines' "${order[@]}" statemachines/order-fulfilment.card-declined.input.json --name declined
also "after the stock is released" 'ReleaseStock +ok'
also "a caught failure is told" 'ChargeCard +caught'
pawl "an article that is out of stock" 1 '^Stock.OutOfStock: TEAPOT-BLUE: 25 wanted, 12 on the shelf' \
    "${order[@]}" statemachines/order-fulfilment.out-of-stock.input.json
pawl "a suspicious order" 1 '^Order.Suspicious' "${order[@]}" statemachines/order-fulfilment.suspicious.input.json
pawl "an empty order" 1 '^Order.Empty' "${order[@]}" statemachines/order-fulfilment.empty.input.json
pawl "a saga takes back what was booked" 1 '^Hotel.NoRoom: no room for 40 nights' start trip-booking --wait --input statemachines/trip-booking.no-room.input.json
also "the flight is cancelled" 'CancelFlight +ok'
pawl "with --json the execution as REST answers it" 1 '^\{.*"status": ?"FAILED"' "${order[@]}" statemachines/order-fulfilment.empty.input.json --json

pawl "the same name and input start it once" 1 'ExecutionAlreadyExists' start order-fulfilment --name first --input '{"other": 1}'
pawl "input may be JSON itself" 0 '^started nap/one$' start nap --name one --input '{"a": 1}'
echo '[1, 2]' >"$work/in.json"
input=$work/in.json pawl "or standard input" 0 '"name": ?"two"' start nap --name two --input - --json
pawl "broken JSON" 1 'expected' start nap --input '{"a": '
pawl "a file that is not there" 1 'nofile: No such file' start nap --input nofile
head -c 262145 /dev/zero | tr '\0' 1 >"$work/big"
pawl "an input above 256 KiB" 1 'longer than 262144 bytes' start nap --input "$work/big"
pawl "a machine that is not there" 1 'StateMachineDoesNotExist' start nobody
pawl "a name that is none" 1 'InvalidName' start nap --name 'a b'

pawl "ps lists them, newest first" 0 '^RUNNING .* nap/two$' ps
pawl "by status" 0 '!SUCCEEDED' ps --status RUNNING
pawl "by machine" 0 '!nap/' ps --machine order-fulfilment
also "with those of that machine" 'SUCCEEDED .* order-fulfilment/first$'
pawl "a status that is none" 1 'ValidationException' ps --status FLYING
pawl "at most so many" 0 '"executions": ?\[\{[^{}]*\}\]' --json ps --limit 1

pawl "show has a row an attempt" 0 '^ +[0-9.]+ s  ChargeCard +Task +2  failed .*Bank.Busy' show first
also "the last one succeeded" 'ChargeCard +Task +3  ok'
also "what ended in between has its branch" '\[1\] SendInvoice +Task +1  ok'
also "and the end" '^SUCCEEDED after'
pawl "by machine and name" 0 'nap/one' show nap/one
also "what runs, runs" 'A +Wait +runs'
pawl "by ARN" 0 'nap/one' show arn:aws:states:us-east-1:000000000000:execution:nap:one
pawl "as JSON with the steps" 0 '"steps": ?\[.*"execution": ?\{' show first --json
pawl "a name that nobody has" 1 'there is no execution nobody' show nobody
pawl "a name that its machine does not have" 1 'ExecutionDoesNotExist' show nap/nobody
pawl "an ARN that is none" 1 'not the ARN of an execution' show arn:aws:states:us-east-1:000000000000:stateMachine:nap
pawl "history has every event" 0 '^ +1 +0 .* ExecutionStarted ' history first
also "with details" 'LambdaFunctionScheduled .*charge-card|TaskScheduled .*charge-card'
pawl "reversed" 0 '^\{"events": ?\[\{[^]]*"ExecutionSucceeded"' history first --reverse --json
pawl "without data" 0 '!Leipzig' history first --no-data

pawl "stop stops" 0 '^stopped nap/one$' stop nap/one --error Tired --cause 'of waiting'
pawl "and shows why" 0 '^Tired: of waiting$' show nap/one
also "with its status" '^ABORTED after'
"$B/pawl" start nap --name one >/dev/null 2>&1 && { failed=$((failed + 1)); echo "FAILED: a name was used twice"; }
echo '{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":600,"End":true}}}' >"$work/nap2.json"
"$B/pawl" deploy "$work/nap2.json" >/dev/null
"$B/pawl" start nap2 --name two >/dev/null
pawl "a name that two machines have" 1 'several executions are named two: say MACHINE/two' stop two
pawl "stop by a name that only one has" 0 '^stopped first|ABORTED|stopped' stop declined

pawl "sql reads the steps" 0 '^ChargeCard\|2\|Bank.Busy$' sql --data-dir "$work/data" -- -XAtc \
    "SELECT state, attempt, error FROM pawl.steps WHERE execution = 'first' ORDER BY first_event_id"
export PAWL_DATABASE="host=$(sed -n 5p "$work/data/postgres/postmaster.pid") dbname=pawl user=$(stat -c %U "$work/data/postgres")"
pawl "by PAWL_DATABASE too" 0 '^1$' sql -- -XAtc 'SELECT 1'
unset PAWL_DATABASE
pawl "psql's failure is pawl's" 1 'ERROR:  division by zero' sql --data-dir "$work/data" -- -XAtc 'SELECT 1/0'
pawl "no execution stalls" 0 '^0$' sql --data-dir "$work/data" -- -XAtc 'SELECT count(*) FROM pawl.stalled'

echo "cli: $passed passed, $failed failed"
