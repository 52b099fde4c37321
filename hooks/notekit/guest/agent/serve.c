/*
 * The loop: what jobs print, ask for and end with is told; what the host says is done.
 *
 * Before a step or an end is told, what was printed until then is: FIONREAD says how much that is, so that an
 * endless writer cannot hold this up.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHERS = 4 };

/* Passes on at most that many bytes; false where there are none. */
static int pass_on(int fd, char kind, size_t most)
{
    static char data[LONGEST];
    ssize_t length = read(fd, data, most < sizeof data ? most : sizeof data);

    if (length > 0)
        tell(kind, 0, data, length);
    return length > 0;
}

static void drain(int fd, char kind)
{
    int waiting = 0;

    ioctl(fd, FIONREAD, &waiting);
    for (int part; waiting > 0; waiting -= part) {
        part = waiting < LONGEST ? waiting : LONGEST;
        if (!pass_on(fd, kind, part))
            break;
    }
}

static void tell_number(char kind, int job, int number)
{
    unsigned char byte = number;

    drain(output[0], 'O');
    drain(error[0], 'E');
    if (jobs[job].terminal >= 0)
        while (pass_on(jobs[job].terminal, 'O', LONGEST))
            continue;
    tell(kind, job, &byte, 1);
}

/* Anyone may write to the FIFO: what is no line `step N` is dropped. */
static void hear_step(int job)
{
    struct job *one = &jobs[job];
    char data[256];
    ssize_t length = read(one->say, data, sizeof data);

    for (ssize_t i = 0; i < length; i++) {
        int status;

        if (data[i] != '\n') {
            if (one->length < sizeof one->said - 1)
                one->said[one->length++] = data[i];
            continue;
        }
        one->said[one->length] = 0;
        one->length = 0;
        if (sscanf(one->said, "step %d", &status) == 1)
            tell_number('N', job, status);
    }
}

static void reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int job = 0; job < JOBS; job++)
            if (jobs[job].pid == pid) {
                jobs[job].pid = 0;
                tell_number('X', job, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
            }
}

void serve(void (*obey)(void))
{
    sigset_t children;
    int ended;

    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    ended = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    for (;;) {
        struct pollfd all[OTHERS + 2 * JOBS] = {
            { port, POLLIN, 0 }, { ended, POLLIN, 0 }, { output[0], POLLIN, 0 }, { error[0], POLLIN, 0 },
        };

        for (int job = 0; job < JOBS; job++) {
            all[OTHERS + job] = (struct pollfd){ jobs[job].say, POLLIN, 0 };
            all[OTHERS + JOBS + job] = (struct pollfd){ jobs[job].terminal, POLLIN, 0 };
        }
        if (poll(all, sizeof all / sizeof *all, -1) < 0)
            continue;
        for (int i = 2; i < 4; i++)
            if (all[i].revents & POLLIN)
                pass_on(all[i].fd, i == 2 ? 'O' : 'E', LONGEST);
        for (int job = 0; job < JOBS; job++) {
            const struct pollfd *terminal = &all[OTHERS + JOBS + job];

            if (all[OTHERS + job].revents & POLLIN)
                hear_step(job);
            if (terminal->revents && !pass_on(terminal->fd, 'O', LONGEST) && errno == EIO) {
                close(terminal->fd); /* nobody holds the other end any more */
                jobs[job].terminal = -1;
            }
        }
        if (all[1].revents & POLLIN) {
            struct signalfd_siginfo told[8];

            (void)!read(ended, told, sizeof told);
            reap();
        }
        if (all[0].revents & POLLIN)
            obey();
    }
}
