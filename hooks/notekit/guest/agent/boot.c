/* From the kernel's first process to a port that is open. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_all(void)
{
    static const struct {
        const char *type, *path, *options;
        unsigned long flags;
    } mounts[] = {
        { "proc", "/proc", "", MS_NOSUID | MS_NOEXEC | MS_NODEV },
        { "sysfs", "/sys", "", MS_NOSUID | MS_NOEXEC | MS_NODEV },
        { "devtmpfs", "/dev", "mode=0755", MS_NOSUID },
        { "devpts", "/dev/pts", "mode=0620,ptmxmode=0666", MS_NOSUID | MS_NOEXEC },
        { "tmpfs", "/dev/shm", "mode=1777,size=25%", MS_NOSUID | MS_NODEV },
        { "tmpfs", "/run", "mode=0755,size=10%", MS_NOSUID | MS_NODEV },
        { "tmpfs", "/tmp", "mode=1777,size=25%", MS_NOSUID | MS_NODEV },
        { "tmpfs", "/home", "mode=0755,size=25%", MS_NOSUID | MS_NODEV },
    };
    static const char *const homes[] = { "/home/user", "/home/user/work" };

    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        mkdir(mounts[i].path, 0755);
        if (mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags, mounts[i].options))
            die("%s", mounts[i].path);
    }
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        if (mkdir(homes[i], 0755) || chown(homes[i], USER, USER))
            die("%s", homes[i]);
    /* As udev makes them. */
    symlink("/proc/self/fd", "/dev/fd");
    symlink("/proc/self/fd/0", "/dev/stdin");
    symlink("/proc/self/fd/1", "/dev/stdout");
    symlink("/proc/self/fd/2", "/dev/stderr");
}

/* The modules without which there is no port, in the order in which they must go. */
static void load_modules(void)
{
    FILE *list = fopen("/agent/modules", "re");
    char path[512];

    while (list && fgets(path, sizeof path, list)) {
        int fd;

        path[strcspn(path, "\n")] = 0;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
            die("%s", path);
        close(fd);
    }
    if (list)
        fclose(list);
}

static void run_to_its_end(char **arguments)
{
    pid_t pid = fork();

    if (pid == 0) {
        execv(arguments[0], arguments);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static void open_port(void)
{
    for (int tries = 0; tries < 1000; tries++) {
        port = open("/dev/vport0p1", O_RDWR | O_CLOEXEC);
        if (port >= 0)
            return;
        usleep(10000);
    }
    die("/dev/vport0p1");
}

/* Touches all memory that is free, so that it is zero in the template: most of it holds what the boot left. */
static void clean_memory(void)
{
    struct sysinfo memory;
    size_t size;
    char *all;

    sysinfo(&memory);
    size = memory.freeram * (size_t)memory.mem_unit / 10 * 9;
    all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return;
    for (size_t at = 0; at < size; at += 4096)
        all[at] = 0;
    munmap(all, size);
}

void boot(void)
{
    char *depmod[] = { "/usr/sbin/depmod", "-a", NULL };
    char *loopback[] = { "/usr/sbin/ip", "link", "set", "lo", "up", NULL };

    mount_all();
    if (open("/dev/console", O_RDWR) == 0) {
        dup(0);
        dup(0);
    }
    load_modules();
    run_to_its_end(depmod);
    run_to_its_end(loopback);
    sethostname("guest", 5);
    clean_memory();
    open_port();
}
