#!/bin/sh
# check.sh TARGET...: runs make targets one after another, a line each; ends with "N passed, N failed".
set -u
log=${B:-build}/check
mkdir -p "$log"
passed=0 failed=0
for step in "$@"; do
    began=$(date +%s)
    printf '%-14s ' "$step"
    if ${MAKE:-make} --no-print-directory "B=${B:-build}" "$step" >"$log/$step.log" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %4d s\n' $(($(date +%s) - began))
    else
        failed=$((failed + 1))
        printf 'FAILED %3d s, the end of %s:\n' $(($(date +%s) - began)) "$log/$step.log"
        tail -n 40 "$log/$step.log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
