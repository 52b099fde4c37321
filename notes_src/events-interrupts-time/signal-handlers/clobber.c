/* errno, read by the main program right after a signal. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* [start:clobber] */
static void careless(int signum)
{
    (void)signum;
    close(-1);                          /* safe to call, and sets errno */
}

static void careful(int signum)
{
    int saved = errno;

    (void)signum;
    close(-1);
    errno = saved;
}

static void open_under(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    if (open("/nonexistent", O_RDONLY) < 0) {
        raise(SIGUSR1);                 /* a signal that comes just here */
        printf("%s\n", strerror(errno));
    }
}
/* [end:clobber] */

int main(void)
{
    open_under(careless);
    open_under(careful);
    return 0;
}
