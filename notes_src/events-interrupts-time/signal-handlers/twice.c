/* Nothing but standard C, and two signals. */
#include <signal.h>
#include <stdio.h>

static void ignore(int signum)
{
    (void)signum;
}

int main(void)
{
    /* [start:twice] */
    signal(SIGTERM, ignore);
    raise(SIGTERM);
    raise(SIGTERM);
    puts("survived both");
    /* [end:twice] */
    return 0;
}
