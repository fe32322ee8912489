#!/bin/sh
# deps.sh: installs the Debian packages that building, running and testing pawl need; only what is missing.
set -eu
packages="gcc clang libclang-rt-dev clang-format llvm make pkg-config libc6-dev libjson-c-dev libpcre2-dev libpq-dev libuv1-dev libcurl4-openssl-dev
libmicrohttpd-dev libssl-dev uthash-dev check postgresql postgresql-client curl python3 python3-yaml ca-certificates procps"
missing=
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
run=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "these packages are missing, and there is no sudo:$missing" >&2; exit 1; }
    run=sudo
fi
echo "installing:$missing"
$run env DEBIAN_FRONTEND=noninteractive apt-get update -q
$run env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
