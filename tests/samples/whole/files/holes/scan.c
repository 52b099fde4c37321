#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd = open(argv[argc - 1], O_RDONLY);
    /* [start:seek] */
    off_t hole = lseek(fd, 0, SEEK_HOLE);

    printf("data ends at %lld\n", (long long)hole);
    /* [end:seek] */
    return fd < 0;
}
