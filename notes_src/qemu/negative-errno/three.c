/* One failure reported in three ways, to a caller that takes each for a negative errno. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* [start:three] */
static int with_minus_one(const char *path)
{
    return open(path, O_RDONLY);                        /* -1; why is in errno */
}

static int with_a_constant(const char *path)
{
    return access(path, R_OK) == 0 ? 0 : -ENOENT;       /* the programmer's guess */
}

static int with_errno(const char *path)
{
    int fd = open(path, O_RDONLY);

    return fd < 0 ? -errno : fd;                        /* what open() found */
}
/* [end:three] */

static void report(const char *how, int ret)
{
    printf("  %-14s %4d  %s\n", how, ret, strerror(-ret));
}

int main(void)
{
    static const char *const paths[] = {"/nonexistent", "/dev/null/x"};

    for (int i = 0; i < 2; i++) {
        printf("%s\n", paths[i]);
        report("return -1", with_minus_one(paths[i]));
        report("return -ENOENT", with_a_constant(paths[i]));
        report("return -errno", with_errno(paths[i]));
    }
    return 0;
}
