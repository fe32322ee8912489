#!/bin/sh
# throwaway_pg.sh run COMMAND...   starts a PostgreSQL, runs the command with PAWL_TEST_DATABASE (a conninfo), stops it
# throwaway_pg.sh start [OPTION...] prints the conninfo of a new PostgreSQL; OPTIONs are for the server (-c fsync=off)
# throwaway_pg.sh stop CONNINFO    stops that server and removes its folder
#
# On a unix socket in a fresh folder under TMPDIR, without TCP; as the user postgres when root starts it.
set -eu

bin=${PAWL_PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}

as_owner() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
    else
        "$@"
    fi
}

start() {
    dir=$(mktemp -d "${TMPDIR:-/tmp}/pawl-pg.XXXXXX")
    chmod 755 "$dir"
    [ "$(id -u)" != 0 ] || chown postgres: "$dir"
    cd "$dir" # where the server's user may be, too
    as_owner "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; exit 1; }
    as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 \
        -o "-c listen_addresses= -c unix_socket_directories=$dir $*" start >"$dir/start.log" 2>&1 ||
        { cat "$dir/start.log" "$dir/data/server.log" >&2; exit 1; }
    echo "host=$dir user=postgres dbname=postgres"
}

stop() { # by the pid in its own folder
    dir=${1#host=}
    dir=${dir%% *}
    case $dir in */pawl-pg.*) ;; *) echo "throwaway_pg.sh: not one of mine: $1" >&2; exit 2 ;; esac
    pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) || pid=
    if [ -n "$pid" ]; then
        kill -INT "$pid" 2>/dev/null || true # fast shutdown
        for _ in $(seq 300); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
    fi
    rm -rf "$dir"
}

case ${1:-} in
start) shift; start "$@" ;;
stop) stop "$2" ;;
run)
    shift
    PAWL_TEST_DATABASE=$(start)
    export PAWL_TEST_DATABASE
    trap 'stop "$PAWL_TEST_DATABASE"' EXIT
    trap 'exit 130' INT TERM
    "$@" # its status is ours
    ;;
*) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
esac
