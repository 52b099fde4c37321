/* A reader that sleeps until the counter is not 0, and a writer that sleeps until its value fits. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int fd;
static atomic_int tid;

/* [start:threads] */
static void *reader(void *value)
{
    tid = gettid();
    eventfd_read(fd, value);            /* read(fd, value, 8) */
    return NULL;
}

static void *writer(void *value)
{
    tid = gettid();
    eventfd_write(fd, *(eventfd_t *)value);
    return NULL;
}
/* [end:threads] */

/* The thread's state as the kernel tells it: the letter after the name in parentheses, which holds no ')' here. */
static int sleeps(void)
{
    char path[64], text[256] = "";
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL)
        exit(2);
    fclose(file);
    return strstr(text, ") S ") != NULL;
}

static pthread_t start(void *(*function)(void *), eventfd_t *value)
{
    pthread_t thread;

    tid = 0;
    if (pthread_create(&thread, NULL, function, value) != 0)
        exit(2);
    while (tid == 0 || !sleeps())
        sched_yield();
    return thread;
}

int main(void)
{
    const eventfd_t full = UINT64_MAX - 1;
    eventfd_t value = 0, one = 1;
    pthread_t thread;

    fd = eventfd(0, 0);
    /* [start:main] */
    thread = start(reader, &value);     /* returns once the thread is asleep */
    printf("the reader sleeps\n");
    eventfd_write(fd, 5);
    pthread_join(thread, NULL);
    printf("the reader has %" PRIu64 "\n", value);

    eventfd_write(fd, full);
    thread = start(writer, &one);
    printf("the writer sleeps\n");
    eventfd_read(fd, &value);
    pthread_join(thread, NULL);
    printf("read 0x%" PRIx64 ", and the writer goes on\n", value);
    eventfd_read(fd, &value);
    printf("read %" PRIu64 "\n", value);
    /* [end:main] */
    return 0;
}
