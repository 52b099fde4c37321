/* Three of one signal while it is blocked: a standard signal, then a real-time one. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* [start:queue] */
static volatile sig_atomic_t runs, values[8];

static void note(int signum, siginfo_t *info, void *context)
{
    (void)signum, (void)context;
    values[runs++] = info->si_value.sival_int;
}

static void three(int signum)
{
    sigset_t set;

    runs = 0;
    sigemptyset(&set);
    sigaddset(&set, signum);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 1; i <= 3; i++)
        sigqueue(getpid(), signum, (union sigval){.sival_int = i});
    sigprocmask(SIG_UNBLOCK, &set, NULL);       /* what is pending is delivered before this returns */
}
/* [end:queue] */

int main(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
    const int signals[] = {SIGUSR1, SIGRTMIN};
    const char *const names[] = {"SIGUSR1", "SIGRTMIN"};

    sigemptyset(&action.sa_mask);
    for (int i = 0; i < 2; i++) {
        sigaction(signals[i], &action, NULL);
        three(signals[i]);
        printf("%-8s  sent 3, handled %d:", names[i], (int)runs);
        for (int run = 0; run < runs; run++)
            printf(" %d", (int)values[run]);
        printf("\n");
    }
    return 0;
}
