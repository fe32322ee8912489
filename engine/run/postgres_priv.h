/*
 * postgres_priv.h -- the parts of the private PostgreSQL, for its own files.
 *
 * postgres.c        life: find or make the cluster, launch, wait, revive, stop
 * postgres_find.c   where PostgreSQL's programs are, and whether a server runs already
 * postgres_child.c  child processes, as a user that PostgreSQL accepts
 */
#pragma once

#include "run/postgres.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct postgres {
    char data_dir[PATH_MAX];     /* absolute */
    char cluster[PATH_MAX + 16]; /* DATA-DIR/postgres */
    char log[PATH_MAX + 16];     /* DATA-DIR/postgres.log */
    long log_from;               /* where the newest program's part of it begins */
    char socket_dir[PATH_MAX + 16];
    bool socket_is_ours; /* a folder under /tmp, because DATA-DIR's name is too long for a socket */
    char bin[PATH_MAX];
    char user[64]; /* who runs it, and its superuser */
    uid_t uid;     /* of that user; differs from ours only when we are root */
    gid_t gid;
    int lock;      /* held while this pawld lives */
    pid_t pid;     /* the postmaster */
    bool is_child; /* else it was started by an earlier pawld */
    char conninfo[PATH_MAX + 256];
    const struct patience *patience; /* while it starts */
};

/* ---- postgres_find.c ---- */

/* Fills bin: PAWL_PG_BIN, or the newest with initdb and postgres; of major version major, if that is not 0.
 */
int postgres_find_bin(int major, char bin[PATH_MAX], struct err *err);
int postgres_major(const char *cluster); /* of the data; 0: there is none */

/* The postmaster that runs on the cluster, 0: none. socket_dir (PATH_MAX) is filled when one runs. */
pid_t postgres_find_running(const char *cluster, char *socket_dir);

/* A postmaster.pid whose process is dead, a zombie or somebody else's must not keep PostgreSQL from starting.
 */
void postgres_mark_dead(const char *cluster);

/* ---- postgres_child.c ---- */

/* Runs a program of p->bin as its user, output appended to the log; returns its pid, or -1. Between fork and
 * exec: only system calls. */
pid_t postgres_spawn(const struct postgres *p, const char *program, char *argv[]);
/* Waits for it: its exit status, or -1; when patience has ended it is killed, with what it has started. */
int postgres_wait(pid_t pid, const struct patience *patience);
/* Can the user enter that folder? 0, or errno. */
int postgres_can_enter(const struct postgres *p, const char *folder);
/* The last error that the newest program has logged, or where to look; for people. */
const char *postgres_last_error(const struct postgres *p, char *buf, size_t size);
