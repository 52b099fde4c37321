/* Prints the holes and the data of a file, as its file system reports them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* [start:scan] */
static int scan(int fd, off_t size)
{
    off_t at = 0;

    while (at < size) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)    /* nothing but a hole up to the end */
            data = size;
        if (data < 0)
            return -errno;
        if (data > at)
            printf("hole from %lld to %lld\n", (long long)at, (long long)data);
        if (data == size)
            break;

        off_t hole = lseek(fd, data, SEEK_HOLE);    /* the end of a file counts as a hole */
        if (hole < 0)
            return -errno;
        printf("data from %lld to %lld\n", (long long)data, (long long)hole);
        at = hole;
    }
    return 0;
}
/* [end:scan] */

int main(int argc, char **argv)
{
    struct stat status;
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

    if (fd < 0 || fstat(fd, &status) < 0) {
        perror(argc == 2 ? argv[1] : "usage: seek FILE");
        return 2;
    }
    return scan(fd, status.st_size) == 0 ? 0 : 1;
}
