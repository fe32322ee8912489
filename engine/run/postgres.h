/*
 * postgres.h -- the private PostgreSQL: initdb at the first start, run as a child, stopped at exit.
 *
 * Fully durable (fsync, full_page_writes and synchronous_commit on), on a unix socket, no TCP.  The cluster
 * lives in DATA-DIR/postgres, its log in DATA-DIR/postgres.log.  When pawld is killed the server lives on;
 * the next start finds it and uses it.  PostgreSQL refuses to run as root: then it runs as the user
 * "postgres", who owns the folder. Whoever may enter the socket's folder (mode 0700) is trusted.
 */
#pragma once

#include "base/err.h"
#include "run/patience.h"

struct postgres;

/*
 * Finds or makes the cluster in data_dir, starts it unless it runs, waits until it answers (at most 60 s),
 * makes the database "pawl".  PAWL_PG_BIN names the folder of PostgreSQL's programs; else the newest
 * installed one that fits. -1 with a one-line cause: data of another major version, no PostgreSQL installed,
 * folder not accessible, another pawld holds the data directory; or patience has ended (which NULL never
 * does): then what was begun has been undone.  Blocks.
 */
int postgres_start(const char *data_dir, const struct patience *patience, struct postgres **out,
                   struct err *err);

const char *postgres_conninfo(const struct postgres *p); /* for libpq; valid until postgres_stop */

/*
 * Called once a second or so: 0 the server lives; 1 it was dead and has been launched again (those who want
 * it connect until it answers); -1 it was dead and cannot be launched.  Does not block.
 */
int postgres_revive(struct postgres *p, struct err *err);

/* Fast shutdown, at most so long; then immediate shutdown, half a second: the next start recovers. Frees p. */
void postgres_stop(struct postgres *p, int ms);
