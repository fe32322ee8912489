/*
 * postgres.h -- the private PostgreSQL: initdb at the first start, run as a child, stopped at exit.
 *
 * Fully durable (fsync and synchronous_commit on), on a unix socket that only its user can reach, no TCP.
 * The cluster lives in DATA-DIR/postgres, its log in DATA-DIR/postgres.log; DATA-DIR/conninfo holds the libpq
 * connection string for those who want to look (pawl sql).  When pawld is killed the server lives on; the
 * next start finds it and uses it. PostgreSQL refuses to run as root: then it runs as the user "postgres",
 * who owns the cluster's folder.
 */
#pragma once

#include "base/err.h"

struct postgres;

/*
 * Finds or makes the cluster in data_dir, starts it unless it runs, waits until it answers (at most 60 s),
 * makes the database "pawl".  -1 with a one-line cause: data of another major version, no PostgreSQL
 * installed, folder not accessible, another pawld holds the data directory.  PAWL_PG_BIN names the folder of
 * the programs to use instead of Debian's.  Blocks: called before the reactors start.
 */
int postgres_start(const char *data_dir, struct postgres **out, struct err *err);

const char *postgres_conninfo(const struct postgres *p); /* for libpq */

/* Starts the server again if it has died; blocks up to 60 s while it recovers. 0 also when it is alive. */
int postgres_revive(struct postgres *p, struct err *err);

/* Fast shutdown, forced after so many seconds; frees p. */
void postgres_stop(struct postgres *p, int seconds);
