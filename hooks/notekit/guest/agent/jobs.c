/*
 * Jobs: what the host has started. All print into the same two pipes, so that two shells may share one console.
 * A job that works in steps has two FIFOs, which the driver in it opens by name.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { WORDS = 4096 };

struct job jobs[JOBS];
int output[2], error[2];

void make_pipes(void)
{
    int *all[] = { output, error };

    for (int i = 0; i < 2; i++) {
        if (pipe2(all[i], O_CLOEXEC) < 0)
            die("pipe");
        fcntl(all[i][0], F_SETFL, O_NONBLOCK);
        fchmod(all[i][0], 0666); /* /dev/stdout is opened anew, by name: that asks for the pipe's permissions */
    }
    for (int job = 0; job < JOBS; job++)
        jobs[job].terminal = jobs[job].say = jobs[job].hear = -1;
}

static int fifo(int job, const char *name, uid_t user)
{
    char path[32];
    int fd;

    snprintf(path, sizeof path, "/agent/%d.%s", job, name);
    unlink(path);
    if (mkfifo(path, 0600) || chown(path, user, user) || (fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)) < 0)
        die("%s", path);
    return fd;
}

static int open_terminal(struct job *one, const struct start *start)
{
    struct winsize size = { .ws_row = start->rows, .ws_col = start->columns };
    char path[32];
    int number, unlock = 0, fd;

    one->terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (one->terminal < 0 || ioctl(one->terminal, TIOCSPTLCK, &unlock) || ioctl(one->terminal, TIOCGPTN, &number))
        die("terminal");
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fchown(fd, start->user, start->user) || ioctl(fd, TIOCSWINSZ, &size))
        die("%s", path);
    return fd;
}

static void run(const struct start *start, const int fds[3], char **arguments, char **environment, const char *folder)
{
    struct rlimit files = { 1024, 4096 }, cores = { 0, RLIM_INFINITY };
    gid_t group = start->user;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    for (int fd = 0; fd < 3; fd++)
        dup2(fds[fd], fd);
    if (start->terminal)
        ioctl(0, TIOCSCTTY, 0);
    setrlimit(RLIMIT_NOFILE, &files);
    setrlimit(RLIMIT_CORE, &cores);
    umask(022);
    if (chdir(folder))
        dprintf(2, "%s: %s\n", folder, strerror(errno));
    else if (setgroups(1, &group) || setresgid(group, group, group) || setresuid(group, group, group))
        dprintf(2, "user %u: %s\n", group, strerror(errno));
    else {
        environ = environment;
        execvp(arguments[0], arguments);
        dprintf(2, "%s: %s\n", arguments[0], strerror(errno));
    }
    _exit(errno == ENOENT ? 127 : 126);
}

void start_job(int job, char *data, size_t length)
{
    static char *words[WORDS];
    const struct start *start = (struct start *)data;
    struct job *one = &jobs[job];
    int count = 0, arguments, fds[3] = { -1, output[1], start->merged ? output[1] : error[1] };

    for (char *at = data + sizeof *start; at < data + length && count < WORDS - 2; at += strlen(at) + 1)
        words[count++] = at;
    arguments = count > 3 ? atoi(words[2]) : 0;
    errno = 0;
    if (arguments < 1 || 3 + arguments > count || one->pid)
        die("no command: %d words, %d arguments", count, arguments);
    memmove(words + 4 + arguments, words + 3 + arguments, (count - 3 - arguments) * sizeof *words);
    words[3 + arguments] = words[count + 1] = NULL;
    if (start->stepping) {
        one->say = fifo(job, "say", start->user);
        one->hear = fifo(job, "hear", start->user);
    }
    if (start->terminal)
        fds[0] = fds[1] = fds[2] = open_terminal(one, start);
    else if ((fds[0] = open(*words[1] ? words[1] : "/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
        die("%s", words[1]);
    one->pid = fork();
    if (one->pid == 0)
        run(start, fds, words + 3, words + 4 + arguments, words[0]);
    if (one->pid < 0)
        die("fork");
    close(fds[0]);
}

/* To the driver of one that works in steps; to one at a terminal, as if typed. */
void say_to_job(int job, const char *data, size_t length)
{
    int fd = jobs[job].terminal >= 0 ? jobs[job].terminal : jobs[job].hear;

    if (fd >= 0)
        write_all(fd, data, length);
}

void resize_job(int job, const char *data)
{
    struct winsize size = { 0 };

    memcpy(&size.ws_row, data, 2);
    memcpy(&size.ws_col, data + 2, 2);
    ioctl(jobs[job].terminal, TIOCSWINSZ, &size);
}
