#!/usr/bin/env bash
# test_demo.sh BUILD: the demo, twice on one data directory, without a terminal; nothing of it may be left running.
set -uo pipefail
cd "$(dirname "$0")/../.."
B=${1:-build}
work=$(mktemp -d "${TMPDIR:-/tmp}/pawl-test-demo.XXXXXX")
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
failed=0
must() { # SAYS PATTERN
    grep -qE -- "$2" "$work/out" && return
    failed=1
    echo "FAILED: $1: no line matches $2:"
    cat "$work/out"
}
for run in first second; do
    began=$(date +%s)
    if ! B=$B PAWL_DATA_DIR=$work/data timeout 90 statemachines/demo.sh </dev/null >"$work/out" 2>&1; then
        failed=1
        echo "FAILED: the $run run of the demo:"
        cat "$work/out"
    fi
    must "the functions serve" '^functions +http://127.0.0.1:[0-9]+$'
    must "the definitions are deployed" '^order-fulfilment (created|updated|unchanged)$'
    must "a task is retried" 'ChargeCard +ok .*after 3 attempts'
    must "branches run in parallel" 'PackAndBill +in parallel'
    must "a Map goes over the lines" 'ReserveLines +map of 3'
    must "the order succeeds" '^SUCCEEDED after'
    must "SQL shows the steps" '^ +ChargeCard +\| Task +\| +2 \|.*Bank.Busy'
    must "SQL shows the history" '^ +1 \|.*ExecutionStarted'
    must "it says what to try next" 'pawl show demo-'
    echo "demo: the $run run took $(($(date +%s) - began)) s"
done
if [ -e "$work/data/postgres/postmaster.pid" ]; then
    failed=1
    echo "FAILED: the demo's PostgreSQL is still there"
fi
[ "$failed" = 0 ] && echo "demo: ok"
exit "$failed"
