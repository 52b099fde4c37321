/* A timerfd that is read late, one that is read early, and one loop for a timerfd and an eventfd. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    struct timespec now;
    uint64_t value = 1;

    clock_gettime(CLOCK_REALTIME, &now);
    /* [start:timer] */
    int timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    struct itimerspec hour = {.it_value.tv_sec = 3600};                             /* from now, once */
    struct itimerspec late = {.it_value.tv_sec = now.tv_sec - 3500, .it_interval.tv_sec = 1000};

    timerfd_settime(timer, 0, &hour, NULL);
    printf("read    %s\n", read(timer, &value, 8) < 0 ? strerrorname_np(errno) : "ok");
    printf("write   %s\n", write(timer, &value, 8) < 0 ? strerrorname_np(errno) : "ok");

    timerfd_settime(timer, TFD_TIMER_ABSTIME, &late, NULL);     /* due 3500, 2500, 1500, 500 s ago */
    struct pollfd both[] = {{.fd = timer, .events = POLLIN}, {.fd = eventfd(0, EFD_NONBLOCK), .events = POLLIN}};
    for (int round = 1; round <= 2; round++) {
        poll(both, 2, -1);
        for (int i = 0; i < 2; i++)
            if (both[i].revents & POLLIN && read(both[i].fd, &value, 8) == 8)
                printf("round %d: %s %" PRIu64 "\n", round, i == 0 ? "timerfd" : "eventfd", value);
        if (round == 1)
            eventfd_write(both[1].fd, 1);
    }
    /* [end:timer] */
    return 0;
}
