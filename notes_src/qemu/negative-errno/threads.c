/* errno in two threads that fail differently at the same time. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct seen {
    const char *path;
    int error;
    int *address;
};

static pthread_barrier_t both_failed;

/* [start:thread] */
static void *fail(void *argument)
{
    struct seen *seen = argument;

    if (open(seen->path, O_RDONLY) < 0)
        pthread_barrier_wait(&both_failed);     /* nobody reads errno before both have set it */
    seen->error = errno;
    seen->address = &errno;
    return NULL;
}
/* [end:thread] */

int main(void)
{
    struct seen seen[2] = {{.path = "/nonexistent"}, {.path = "/dev/null/x"}};
    pthread_t thread[2];

    pthread_barrier_init(&both_failed, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, fail, &seen[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);

    for (int i = 0; i < 2; i++)
        printf("%-12s  %2d  %s\n", seen[i].path, seen[i].error, strerror(seen[i].error));
    printf("%s\n", seen[0].address == seen[1].address ? "one object" : "two objects");
    return 0;
}
