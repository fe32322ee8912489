/*
 * scene.h -- what the tests of the store share: a database of their own, a loop, a store, and questions that
 * wait.
 *
 * PAWL_TEST_DATABASE names a throwaway PostgreSQL (tests/support/throwaway_pg.sh run).
 */
#pragma once

#include "run/store.h"

#include <check.h>
#include <libpq-fe.h>

struct scene {
    char conninfo[512];
    PGconn *sql; /* for looking at things */
    uv_loop_t loop;
    struct store *store;
    int ups, downs, notes;
    char why[256], channel[64], payload[256];
    struct { /* the last commit */
        int calls;
        enum store_outcome outcomes[8];
        int nguilty;
        struct store_guilty guilty[16];
    } commit;
};

void scene_database(struct scene *sc); /* a new, empty database; sets conninfo and sql */
void scene_open(struct scene *sc);     /* the same, migrated, with a store that is up */
void scene_close(struct scene *sc);
struct store *scene_store(struct scene *sc); /* another store on the same database, told to nobody */

/* For a store that tells the scene. */
void scene_up(void *arg);
void scene_down(void *arg, const char *why);
void scene_notified(void *arg, const char *channel, const char *payload);

/* Runs the loop until *n reaches want; fails the test after ten seconds. */
void scene_wait(struct scene *sc, const int *n, int want);
void scene_run_ms(struct scene *sc, int ms);

/* Blocking: the first value as text, "" for none; the test fails with the statement's error. */
const char *scene_ask(struct scene *sc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void scene_do(struct scene *sc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *scene_sqlstate(struct scene *sc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Borrowed until the next call. */
const char *scene_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void scene_kill(struct scene *sc, int pid); /* SIGKILL to a process of the server */
void scene_reconnect(struct scene *sc);     /* sql, after the server restarted */

/* Commits the open batch; the outcomes appear in sc->commit. */
void scene_send(struct scene *sc, int slot, int64_t epoch);
/* The same, and waits: the outcome. */
enum store_outcome scene_commit(struct scene *sc, int slot, int64_t epoch);
