/* Two functions that return -errno when errno is not (or no longer) the error they met. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* [start:late] */
static int too_late(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0) {
        unlink("/dev/null/lock");       /* cleaning up fails too, and sets errno */
        return -errno;
    }
    return fd;
}

static int never_set(pthread_mutex_t *mutex)
{
    if (pthread_mutex_trylock(mutex) != 0)
        return -errno;                  /* pthread functions return the error, and leave errno alone */
    return 0;
}
/* [end:late] */

int main(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    int ret = too_late("/nonexistent");

    printf("too_late   %3d  %s\n", ret, strerror(-ret));

    pthread_mutex_lock(&mutex);
    errno = 0;
    ret = never_set(&mutex);
    printf("never_set  %3d  %s\n", ret, strerror(-ret));
    ret = pthread_mutex_trylock(&mutex);
    printf("trylock    %3d  %s\n", ret, strerror(ret));
    return 0;
}
