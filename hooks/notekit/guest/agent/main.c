/* What each frame from the host asks for. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char payload[LONGEST + 1];
static int target = -1; /* the file that is being received */

static void complain(const char *path)
{
    char text[512];

    strncpy(text, path, 400);
    text[400] = 0;
    strcat(strcat(text, ": "), strerror(errno));
    tell('!', 0, text, strlen(text));
}

static void receive_file(char *data)
{
    char *path = data + 8;
    uint32_t mode, user;

    memcpy(&mode, data, 4);
    memcpy(&user, data + 4, 4);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0755) == 0 && chown(path, user, user))
            complain(path);
        *slash = '/';
    }
    target = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (target < 0 || fchmod(target, mode) || fchown(target, user, user))
        complain(path);
}

/* An executable that is open for writing cannot be run. */
static void end_file(void)
{
    if (target >= 0)
        close(target);
    target = -1;
}

static void receive_data(const char *data, size_t length)
{
    while (length) {
        ssize_t done = write(target, data, length);

        if (done < 0) {
            complain("a file");
            return;
        }
        data += done;
        length -= done;
    }
}

/* All clones wake with the same time, and the same random numbers before them. */
static void wake(const char *data)
{
    struct {
        int entropy, size;
        char bytes[32];
    } pool = { 256, 32, { 0 } };
    struct timespec now;
    int64_t nanoseconds;
    int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

    memcpy(&nanoseconds, data, 8);
    now.tv_sec = nanoseconds / 1000000000;
    now.tv_nsec = nanoseconds % 1000000000;
    clock_settime(CLOCK_REALTIME, &now);
    memcpy(pool.bytes, data + 8, 32);
    if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) || ioctl(fd, RNDRESEEDCRNG))
        die("random numbers");
    close(fd);
}

static void obey(void)
{
    unsigned char head[8];
    uint32_t length = hear(head, payload);

    if (head[0] != 'D')
        end_file();
    switch (head[0]) {
    case 'T': wake(payload); tell('W', 0, "", 0); break;
    case 'F': receive_file(payload); break;
    case 'D': receive_data(payload, length); break;
    case 'P': start_job(head[1], payload, length); break;
    case 'S': say_to_job(head[1], payload, length); break;
    case 'W': resize_job(head[1], payload); break;
    default: errno = 0; die("no frame: kind %d", head[0]);
    }
}

int main(void)
{
    boot();
    make_pipes();
    tell('H', 0, "", 0);
    serve(obey);
}
