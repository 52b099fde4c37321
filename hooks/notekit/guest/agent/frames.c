/* Frames to and from the host. */
#include "agent.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

int port = -1;

/* The last words go to the kernel's console, which the host keeps apart. */
void die(const char *format, ...)
{
    int error = errno;
    va_list list;

    va_start(list, format);
    fprintf(stderr, "agent: ");
    vfprintf(stderr, format, list);
    fprintf(stderr, error ? ": %s\n" : "\n", strerror(error));
    va_end(list);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

void write_all(int fd, const void *data, size_t length)
{
    const char *at = data;

    while (length) {
        ssize_t done = write(fd, at, length);

        if (done < 0 && errno != EINTR && errno != EAGAIN)
            die("write to %d", fd);
        if (done > 0) {
            at += done;
            length -= done;
        }
    }
}

static void read_all(void *data, size_t length)
{
    char *at = data;

    while (length) {
        ssize_t done = read(port, at, length);

        if (done < 0 && errno != EINTR && errno != EAGAIN)
            die("read from the host");
        if (done > 0) {
            at += done;
            length -= done;
        } else {
            usleep(1000); /* 0: the host has not opened its end yet */
        }
    }
}

uint32_t hear(unsigned char head[8], char *payload)
{
    uint32_t length;

    read_all(head, 8);
    memcpy(&length, head + 4, 4);
    errno = 0;
    if (length > LONGEST || head[1] >= JOBS)
        die("no frame: kind %d, job %d, %u bytes", head[0], head[1], length);
    read_all(payload, length);
    payload[length] = 0;
    return length;
}

void tell(char kind, int job, const void *data, uint32_t length)
{
    static char frame[8 + LONGEST];

    memset(frame, 0, 8);
    frame[0] = kind;
    frame[1] = job;
    memcpy(frame + 4, &length, 4);
    memcpy(frame + 8, data, length);
    write_all(port, frame, 8 + length);
}
