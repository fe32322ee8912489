/* Child processes, as a user that PostgreSQL accepts. */
#include "run/postgres_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: other threads may have held any lock when we forked, so nothing here allocates or reads
 * files. */
static int become(const struct postgres *p)
{
    if (geteuid() == p->uid)
        return 0;
    if (setgroups(0, NULL) < 0 || setgid(p->gid) < 0 || setuid(p->uid) < 0)
        return errno;
    return 0;
}

static void reset_signals(void)
{
    sigset_t none;

    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* PostgreSQL's programs find each other by the path in argv[0]: a bare name would be looked up in PATH. */
static void exec_program(const struct postgres *p, char *path, char *argv[])
{
    int null = open("/dev/null", O_RDONLY), log = open(p->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    reset_signals();
    setsid(); /* Ctrl-C is for pawld, which then stops the server in order */
    if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(126);
    close_range(3, ~0U, 0);
    if (become(p) != 0 || chdir(p->cluster) < 0)
        _exit(126);
    argv[0] = path;
    execv(path, argv);
    _exit(127);
}

pid_t postgres_spawn(const struct postgres *p, const char *program, char *argv[])
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/%s", p->bin, program);
    pid_t pid = fork();
    if (pid == 0)
        exec_program(p, path, argv);
    return pid;
}

int postgres_wait(pid_t pid, const struct patience *patience)
{
    int status;
    pid_t ended;

    while ((ended = waitpid(pid, &status, patience ? WNOHANG : 0)) != pid) {
        if (ended < 0 && errno != EINTR)
            return -1;
        if (!patience_ended(patience))
            poll(NULL, 0, patience ? PATIENCE_MS / 5 : 0);
        else
            kill(-pid, SIGKILL); /* it leads a session of its own */
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int postgres_can_enter(const struct postgres *p, const char *folder)
{
    pid_t pid = fork();

    if (pid == 0) {
        int error = become(p);
        _exit(error ? error : chdir(folder) < 0 ? errno : 0);
    }
    return pid < 0 ? errno : postgres_wait(pid, NULL);
}

const char *postgres_last_error(const struct postgres *p, char *buf, size_t size)
{
    static const char *const marks[] = {"FATAL:  ", "PANIC:  ", "error: "};
    char line[1024];
    FILE *f = fopen(p->log, "re");

    snprintf(buf, size, "see %s", p->log);
    if (!f)
        return buf;
    fseek(f, p->log_from, SEEK_SET);
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            const char *at = strstr(line, marks[i]);
            if (at)
                snprintf(buf, size, "%s", at + strlen(marks[i]));
        }
    }
    fclose(f);
    return buf;
}
