#!/bin/sh
# test_validate.sh BUILD-FOLDER: `pawl validate` says where a definition is wrong, and tells by its exit status.
set -u
pawl=$1/pawl
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# expect TITLE STATUS FILE-WITH-THE-OUTPUT COMMAND...
expect() {
    title=$1 want=$2 output=$3
    shift 3
    "$@" >"$folder/out" 2>"$folder/err"
    got=$?
    if [ "$got" -ne "$want" ]; then
        echo "FAILED: $title: exit status $got, not $want"
        failed=1
    elif ! diff "$output" "$folder/out"; then
        echo "FAILED: $title"
        failed=1
    fi
}

cd "$(dirname "$0")/../.." || exit 2

printf '%s\n' statemachines/*.asl.json | sed 's/$/: OK/' >"$folder/want"
expect "the definitions of this repository are good" 0 "$folder/want" "$pawl" validate statemachines/*.asl.json

cat >"$folder/bad.json" <<'DEFINITION'
{"StartAt": "Größe",
  "States": {
    "Größe": {"Type": "Task", "Resource": "x", "Retry": [{"ErrorEquals": []}],
     "Nxt": "B"}}}
DEFINITION
cat >"$folder/want" <<WANT
$folder/bad.json:3:5: error: SCHEMA_VALIDATION_FAILED: Exactly one of these fields is required: [Next, End] (/States/Größe)
$folder/bad.json:3:31: error: SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN (/States/Größe/Resource)
$folder/bad.json:3:59: error: SCHEMA_VALIDATION_FAILED: Value cannot be empty (/States/Größe/Retry/0/ErrorEquals)
$folder/bad.json:4:6: error: SCHEMA_VALIDATION_FAILED: Field is not supported (/States/Größe/Nxt)
WANT
expect "every finding has its line and column, in the order of the file" 1 "$folder/want" "$pawl" validate "$folder/bad.json"

printf '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "Next": "A"}}}' >"$folder/loop.json"
cat >"$folder/want" <<WANT
$folder/loop.json:1:1: warning: MISSING_TERMINAL_STATE: No state ends this: it runs forever (/)
$folder/loop.json: OK
WANT
expect "a warning refuses nothing" 0 "$folder/want" "$pawl" validate "$folder/loop.json"

printf '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "End": true}}}' >"$folder/sdk.json"
printf '%s\n' "$folder/sdk.json:1:51: not built: NOT_SUPPORTED_YET: The resource arn:aws:states:::aws-sdk:s3:getObject is not supported by this version of pawl (/States/A/Resource)" >"$folder/want"
expect "what is not built is no error, and cannot be deployed" 1 "$folder/want" "$pawl" validate "$folder/sdk.json"

printf '{"StartAt": "A",\n "States": {]}' >"$folder/text.json"
printf '%s\n' "$folder/text.json:2:13: error: INVALID_JSON_DESCRIPTION: Unexpected close marker ']': expected '}' (for Object starting at line: 2, column: 12)" >"$folder/want"
expect "so has a text that is no JSON" 1 "$folder/want" "$pawl" validate "$folder/text.json"

printf '%s\n' '{"file":"-","result":"FAIL","deploys":false,"diagnostics":[{"severity":"ERROR","code":"SCHEMA_VALIDATION_FAILED","message":"These fields are required: [States, StartAt]","location":"/","line":1,"column":2}],"truncated":false}' >"$folder/want"
printf ' {}' >"$folder/empty.json"
expect "--json answers as ValidateStateMachineDefinition does" 1 "$folder/want" \
    sh -c "$pawl validate --json - <$folder/empty.json"

printf '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "End": true}}}' >"$folder/sync.json"
printf '%s\n' "$folder/sync.json:1:51: error: SCHEMA_VALIDATION_FAILED: Express state machine does not support '.sync' service integration (/States/A/Resource)" >"$folder/want"
expect "EXPRESS machines have rules of their own" 1 "$folder/want" "$pawl" validate --express "$folder/sync.json"

printf '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "http://localhost/f", "End": true}}}' >"$folder/url.json"
printf '%s\n' "$folder/url.json:1:51: error: NOT_PORTABLE: A URL as Resource is an addition of pawl to the language (/States/A/Resource)" "$folder/loop.json:1:1: warning: MISSING_TERMINAL_STATE: No state ends this: it runs forever (/)" "$folder/loop.json: OK" >"$folder/want"
expect "--portable names what pawl adds; the worst of several files is the exit status" 1 "$folder/want" \
    "$pawl" validate --portable "$folder/url.json" "$folder/loop.json"

for code in $(sed -n 's/^#define FINDING_[A-Z_]* *"\([A-Z_]*\)".*/\1/p' engine/asl/finding.h); do
    grep -q "\`$code\`" api/README.md || { echo "FAILED: api/README.md does not explain $code"; failed=1; }
done

: >"$folder/want"
expect "a file that is not there" 2 "$folder/want" "$pawl" validate "$folder/nowhere.json"
expect "no file at all" 2 "$folder/want" "$pawl" validate

[ $failed -eq 0 ] && echo "validate: every answer is as expected"
exit $failed
