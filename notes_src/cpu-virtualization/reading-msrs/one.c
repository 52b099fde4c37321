#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* [start:read] */
static uint64_t read_msr(unsigned cpu, uint32_t number)
{
    char path[32];
    uint64_t value;

    snprintf(path, sizeof path, "/dev/cpu/%u/msr", cpu);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || pread(fd, &value, sizeof value, number) != sizeof value) {
        perror(path);
        exit(1);
    }
    close(fd);
    return value;
}

int main(void)
{
    if (system("modprobe msr") != 0)
        return 1;
    uint64_t efer = read_msr(1, 0xc0000080);
    printf("IA32_EFER of processor 1: %#lx\n", efer);
    printf("SCE %d, LME %d, LMA %d, NXE %d\n", (int)(efer & 1),
           (int)(efer >> 8 & 1), (int)(efer >> 10 & 1), (int)(efer >> 11 & 1));
}
/* [end:read] */
