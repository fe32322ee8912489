#!/bin/sh
# conformance.sh [--raise]: plays the recorded suites in ../shared (or $PAWL_SHARED) against a fresh pawld.
# Fails when a family's figure is below its floor in .ci/floors/conformance.json; --raise lifts the floors to what was reached.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/support/conformance.py "$@"
