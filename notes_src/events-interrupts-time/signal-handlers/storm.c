/* storm printf|write: one program in a storm of signals, with a handler that prints or one that writes to an eventfd.
 * A child prints numbered lines under the storm; the parent counts what arrives. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNALS = 2000, INTERVAL = 50 /* microseconds */, SILENCE = 2000 /* milliseconds */, CPU = 5 /* seconds */ };

struct tally {                          /* shared by parent and child */
    volatile sig_atomic_t handled;
    int printed;
};

static struct tally *tally;
static int event;

/* [start:handlers] */
static void print(int signum)           /* wrong */
{
    (void)signum;
    printf("Inside handler function\n");
    tally->handled++;
}

static void post(int signum)            /* right */
{
    const uint64_t one = 1;
    int saved = errno;

    (void)signum;
    while (write(event, &one, sizeof one) < 0 && errno == EINTR)
        ;
    tally->handled++;
    errno = saved;
}
/* [end:handlers] */

static void victim(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval storm = {.it_interval.tv_usec = INTERVAL, .it_value.tv_usec = INTERVAL}, calm = {0};

    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &storm, NULL);
    for (; tally->handled < SIGNALS; tally->printed++)
        printf("%d : Inside main function\n", tally->printed);
    setitimer(ITIMER_REAL, &calm, NULL);
}

/* Reads until the end (0) or until nothing has come for `silence` ms (-1). Counts the lines that arrive whole, those
 * of the main program in order. */
static int count(int fd, int silence, int *of_main, int *of_handler)
{
    static char text[1 << 16];
    size_t have = 0;
    int next = 0;
    struct pollfd one = {.fd = fd, .events = POLLIN};

    while (poll(&one, 1, silence) > 0) {
        ssize_t n = read(fd, text + have, sizeof text - 1 - have);
        char *line = text, *end;

        if (n <= 0)
            return 0;
        text[have += n] = '\0';
        for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            char whole[64];
            int number = atoi(line);

            *end = '\0';
            snprintf(whole, sizeof whole, "%d : Inside main function", number);
            if (number >= next && strcmp(line, whole) == 0) {
                ++*of_main;
                next = number + 1;
            } else
                *of_handler += strcmp(line, "Inside handler function") == 0;
        }
        have = strlen(line);
        memmove(text, line, have + 1);
    }
    return -1;
}

int main(int argc, char **argv)
{
    const int prints = argc == 2 && strcmp(argv[1], "printf") == 0;
    int pipes[2], of_main = 0, of_handler = 0;
    uint64_t posted = 0;
    pid_t child;

    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    event = eventfd(0, EFD_NONBLOCK);
    if (tally == MAP_FAILED || event < 0 || pipe(pipes) < 0 || (child = fork()) < 0)
        return 2;
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setrlimit(RLIMIT_CPU, &(struct rlimit){CPU, CPU});      /* a corrupted stream may also spin */
        dup2(pipes[1], STDOUT_FILENO);
        dup2(pipes[1], STDERR_FILENO);                          /* last words of the C library */
        close(pipes[0]);
        close(pipes[1]);
        victim(prints ? print : post);
        return 0;
    }
    close(pipes[1]);
    int ended = count(pipes[0], prints ? SILENCE : -1, &of_main, &of_handler) == 0;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    eventfd_read(event, &posted);

    int handled = tally->handled, lost = tally->printed - of_main + (prints ? handled - of_handler : 0);
    int survived = ended && handled >= SIGNALS && lost == 0;

    printf("%d signals handled, %d lines lost\n", handled, lost);
    if (!prints)
        printf("%" PRIu64 " counted by the eventfd\n", posted);
    printf("%s\n", survived && (prints || posted == (uint64_t)handled) ? "survived" : "did not survive");
    return 0;
}
