#!/usr/bin/env bash
# fresh-debian.sh [COMMIT]: README.md's two commands on a fresh Debian 12 that has git, make and certificates only.
# As root (make demo installs the packages), then as an ordinary user with the packages already there.
# Needs root and debootstrap, and Debian's packages in reach; about ten minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo "fresh-debian: skipped, it needs root"; exit 0; }
command -v debootstrap >/dev/null || { echo "fresh-debian: skipped, there is no debootstrap"; exit 0; }

root=$(mktemp -d /tmp/pawl-fresh.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log"; exit 1; }
rm -f "$root.log"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # packages start no services of their own in here
chmod 755 "$root/usr/sbin/policy-rc.d"
git bundle create "$root/pawl.bundle" HEAD >/dev/null 2>&1

# inside COMMAND: in its own mount and process namespaces, so that nothing of it outlives the call.
inside() {
    unshare --mount --pid --fork --kill-child sh -c '
        mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/dev/shm" &&
        exec chroot "$1" /bin/sh -ec "$2"' sh "$root" "$1"
}

inside 'git clone -q /pawl.bundle /root/pawl && cd /root/pawl && make demo </dev/null'
echo "fresh-debian: make demo as root: ok"
inside 'cd /root/pawl && make check </dev/null'
echo "fresh-debian: make check as root: ok"
inside 'useradd -m ordinary
        git clone -q /pawl.bundle /home/ordinary/pawl && chown -R ordinary: /home/ordinary/pawl
        exec setpriv --reuid=ordinary --regid=ordinary --init-groups env HOME=/home/ordinary USER=ordinary \
            sh -ec "cd /home/ordinary/pawl && make demo </dev/null && make check </dev/null"'
echo "fresh-debian: make demo and make check as an ordinary user: ok"
