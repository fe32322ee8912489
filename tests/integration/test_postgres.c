/* The private PostgreSQL: made, found again, revived, refused.  Needs no server, and makes its own. */
#include "run/postgres.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[128], data[256];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/pawl-test-XXXXXX");
    ck_assert(mkdtemp(folder));
    chmod(folder, 0755);
    snprintf(data, sizeof data, "%s/data", folder);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct postgres *start(void)
{
    struct postgres *p = NULL;
    struct err err;

    ck_assert_msg(postgres_start(data, NULL, &p, &err) == 0, "%s", err.cause);
    return p;
}

static const char *ask(const struct postgres *p, const char *sql)
{
    static char text[256];
    PGconn *pg = PQconnectdb(postgres_conninfo(p));
    PGresult *r = PQexec(pg, sql);

    ck_assert_msg(PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK, "%s",
                  PQerrorMessage(pg));
    snprintf(text, sizeof text, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(pg);
    return text;
}

static pid_t postmaster(void)
{
    char path[512];
    int pid = 0;

    snprintf(path, sizeof path, "%s/postgres/postmaster.pid", data);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

static void wait_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

START_TEST(it_is_made_and_found_again)
{
    make_folder();
    struct postgres *p = start();
    ask(p, "CREATE TABLE kept (n int)");
    ck_assert_str_eq(ask(p, "SELECT current_setting('fsync') || current_setting('synchronous_commit') ||"
                            " current_setting('full_page_writes') || current_setting('listen_addresses')"),
                     "ononon");
    postgres_stop(p, 5000);
    ck_assert_int_eq(postmaster(), 0);
    p = start();
    ck_assert_str_eq(ask(p, "SELECT count(*) FROM kept"), "0");
    postgres_stop(p, 5000);
    remove_folder();
}
END_TEST

START_TEST(a_second_pawld_is_refused)
{
    struct postgres *second;
    struct err err;

    make_folder();
    struct postgres *p = start();
    ck_assert_int_eq(postgres_start(data, NULL, &second, &err), -1);
    ck_assert_msg(strstr(err.cause, "another pawld holds it"), "%s", err.cause);
    postgres_stop(p, 5000);
    remove_folder();
}
END_TEST

/* A pawld that was killed: a child process starts the server and dies. */
START_TEST(the_server_of_a_killed_pawld_is_used_again)
{
    make_folder();
    pid_t pawld = fork();
    if (pawld == 0) {
        start();
        raise(SIGKILL);
    }
    waitpid(pawld, NULL, 0);
    pid_t before = postmaster();
    ck_assert_int_gt(before, 0);
    struct postgres *p = start();
    ck_assert_int_eq(postmaster(), before);
    ck_assert_str_eq(ask(p, "SELECT 1"), "1");
    ck_assert_int_eq(postgres_revive(p, NULL), 0);
    postgres_stop(p, 5000);
    ck_assert_int_eq(postmaster(), 0);
    remove_folder();
}
END_TEST

START_TEST(a_killed_server_is_revived)
{
    struct err err;

    make_folder();
    struct postgres *p = start();
    ask(p, "CREATE TABLE kept AS SELECT 7 AS n");
    kill(postmaster(), SIGKILL);
    int revived = 0;
    for (int i = 0; i < 200 && PQping(postgres_conninfo(p)) != PQPING_OK; i++) {
        revived += postgres_revive(p, &err) == 1;
        wait_ms(100);
    }
    ck_assert_int_gt(revived, 0);
    ck_assert_str_eq(ask(p, "SELECT n FROM kept"), "7");
    ck_assert_int_eq(postgres_revive(p, &err), 0);
    postgres_stop(p, 5000);
    remove_folder();
}
END_TEST

/* A process of the server's user that is no server: it has got the number of one that is gone. */
static pid_t somebody_else(const struct stat *owner)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (setgid(owner->st_gid) == 0 && setuid(owner->st_uid) == 0)
            pause();
        _exit(1);
    }
    return pid;
}

static void name_process(const char *path, pid_t pid, const char *rest, const struct stat *owner)
{
    FILE *f = fopen(path, "w");

    fprintf(f, "%d%s", (int)pid, rest);
    fclose(f);
    ck_assert_int_eq(chown(path, owner->st_uid, owner->st_gid), 0);
    chmod(path, 0600);
}

START_TEST(stale_files_that_name_a_process_do_not_matter)
{
    char path[512], text[512];

    make_folder();
    struct postgres *p = start();
    snprintf(path, sizeof path, "%s/postgres/postmaster.pid", data);
    FILE *f = fopen(path, "r");
    size_t len = fread(text, 1, sizeof text - 1, f);
    text[len] = '\0';
    fclose(f);
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    postgres_stop(p, 5000);

    /* The machine was switched off, and another process has the number of the old server. */
    pid_t other = somebody_else(&st);
    name_process(path, other, strchr(text, '\n'), &st);
    snprintf(path, sizeof path, "%s/socket/.s.PGSQL.5432.lock", data);
    name_process(path, other, strchr(text, '\n'), &st);
    p = start();
    ck_assert_str_eq(ask(p, "SELECT 1"), "1");
    postgres_stop(p, 5000);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    remove_folder();
}
END_TEST

START_TEST(data_of_another_version_is_refused)
{
    struct postgres *p = NULL;
    struct err err;
    char path[512];

    make_folder();
    mkdir(data, 0755);
    snprintf(path, sizeof path, "%s/postgres", data);
    mkdir(path, 0755);
    strcat(path, "/PG_VERSION");
    FILE *f = fopen(path, "w");
    fputs("9\n", f);
    fclose(f);
    ck_assert_int_eq(postgres_start(data, NULL, &p, &err), -1);
    ck_assert_msg(strstr(err.cause, "PostgreSQL 9, which is not installed"), "%s", err.cause);
    remove_folder();
}
END_TEST

START_TEST(a_folder_that_the_user_cannot_enter_is_refused)
{
    struct postgres *p = NULL;
    struct err err;

    if (geteuid() != 0)
        return; /* PostgreSQL runs as ourselves */
    make_folder();
    chmod(folder, 0700);
    ck_assert_int_eq(postgres_start(data, NULL, &p, &err), -1);
    ck_assert_msg(strstr(err.cause, "cannot enter") && !strchr(err.cause, '\n'), "%s", err.cause);
    remove_folder();
}
END_TEST

START_TEST(a_long_name_gets_a_short_socket)
{
    make_folder();
    size_t len = strlen(data);
    memset(data + len, 'x', 100);
    data[len] = '/';
    data[len + 100] = '\0';
    struct postgres *p = start();
    ck_assert(strstr(postgres_conninfo(p), "/tmp/pawl-"));
    ck_assert_str_eq(ask(p, "SELECT 1"), "1");
    postgres_stop(p, 5000);
    remove_folder();
}
END_TEST

START_TEST(an_interrupted_beginning_is_begun_again)
{
    char path[512];

    make_folder();
    mkdir(data, 0755);
    snprintf(path, sizeof path, "%s/postgres.new", data);
    mkdir(path, 0700);
    strcat(path, "/PG_VERSION");
    fclose(fopen(path, "w"));
    struct postgres *p = start();
    postgres_stop(p, 5000);
    remove_folder();
}
END_TEST

START_TEST(interrupting_the_terminal_leaves_it_alone)
{
    make_folder();
    struct postgres *p = start();
    ck_assert_int_ne(getpgid(postmaster()), getpgid(0));
    ck_assert_int_ne(getsid(postmaster()), getsid(0));
    postgres_stop(p, 5000);
    remove_folder();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("postgres");
    TCase *tc = tcase_create("postgres");

    tcase_set_timeout(tc, 180);
    tcase_add_test(tc, it_is_made_and_found_again);
    tcase_add_test(tc, a_second_pawld_is_refused);
    tcase_add_test(tc, the_server_of_a_killed_pawld_is_used_again);
    tcase_add_test(tc, a_killed_server_is_revived);
    tcase_add_test(tc, stale_files_that_name_a_process_do_not_matter);
    tcase_add_test(tc, data_of_another_version_is_refused);
    tcase_add_test(tc, a_folder_that_the_user_cannot_enter_is_refused);
    tcase_add_test(tc, a_long_name_gets_a_short_socket);
    tcase_add_test(tc, an_interrupted_beginning_is_begun_again);
    tcase_add_test(tc, interrupting_the_terminal_leaves_it_alone);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
