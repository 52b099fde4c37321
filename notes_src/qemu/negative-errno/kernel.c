/* What the kernel returns in RAX, and what the C library makes of it. x86-64 only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* [start:kernel] */
static long kernel(long number, long a, long b, long c)
{
    long rax;

    __asm__ volatile("syscall"
                     : "=a"(rax)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return rax;
}
/* [end:kernel] */

static void compare(const char *what, long raw, long returned)
{
    printf("%-14s  kernel %5ld   C library %5ld  %s\n", what, raw, returned, strerror(errno));
}

int main(void)
{
    int memory = open("/proc/self/mem", O_RDONLY);      /* seeks to any 64-bit address */

    errno = 0;
    compare("open", kernel(SYS_open, (long)"/nonexistent", O_RDONLY, 0), open("/nonexistent", O_RDONLY));
    for (long offset = -4097; offset <= -4094; offset++) {
        char what[32];

        snprintf(what, sizeof what, "lseek to %ld", offset);
        errno = 0;
        compare(what, kernel(SYS_lseek, memory, offset, SEEK_SET), lseek(memory, offset, SEEK_SET));
    }
    return 0;
}
