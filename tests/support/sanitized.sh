#!/bin/sh
# sanitized.sh FOLDER COMMAND...: runs the command with programs that sanitizers watch.  Whatever these find in any
# of its processes becomes a file in FOLDER; one such file, and the run has failed, though every test of it passed.
set -u
reports=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$reports"
mkdir -p "$reports"
chmod 1777 "$reports" # a child may have become user postgres
reports=$(cd "$reports" && pwd)

common=log_path=$reports/report:log_exe_name=1:handle_abort=1
export ASAN_OPTIONS=$common:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=$common:print_stacktrace=1
export TSAN_OPTIONS=$common:second_deadlock_stack=1
export TEST_SLOW=${TEST_SLOW:-4} # waits in tests are so many times as long
export CK_TIMEOUT_MULTIPLIER=$TEST_SLOW

"$@"
status=$?
for report in "$reports"/*; do
    [ -e "$report" ] || break
    status=1
    echo "a sanitizer's report, $report:"
    head -n 60 "$report"
done
exit $status
