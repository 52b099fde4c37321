/* efd [-s] [-e] INITIAL OPERATION...: what each operation on one eventfd returns.
 * -s: EFD_SEMAPHORE. -e: `wait` is edge-triggered. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

/* [start:rw] */
static void add(int fd, uint64_t value)
{
    ssize_t n = write(fd, &value, sizeof value);

    puts(n < 0 ? strerrorname_np(errno) : "ok");
}

static void take(int fd)
{
    uint64_t value;
    ssize_t n = read(fd, &value, sizeof value);

    if (n < 0)
        puts(strerrorname_np(errno));
    else if (value > UINT32_MAX)
        printf("0x%" PRIx64 "\n", value);
    else
        printf("%" PRIu64 "\n", value);
}
/* [end:rw] */

static void look(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
    char text[32];

    if (poll(&one, 1, 0) < 0)
        fail("poll");
    snprintf(text, sizeof text, "%s%s%s", one.revents & POLLIN ? " POLLIN" : "",
             one.revents & POLLOUT ? " POLLOUT" : "", one.revents & POLLERR ? " POLLERR" : "");
    puts(*text ? text + 1 : "nothing");
}

/* [start:kernel] */
/* The kernel posts: a read by asynchronous I/O that names the eventfd as its notification. */
static void post(int fd, const char *file)
{
    char byte;
    aio_context_t context = 0;
    struct io_event done;
    struct iocb request = {
        .aio_lio_opcode = IOCB_CMD_PREAD,
        .aio_fildes = open(file, O_RDONLY),
        .aio_buf = (uintptr_t)&byte,
        .aio_nbytes = 1,
        .aio_flags = IOCB_FLAG_RESFD,
        .aio_resfd = fd,
    };
    struct iocb *requests[] = {&request};

    if (syscall(SYS_io_setup, 1, &context) < 0 || syscall(SYS_io_submit, context, 1, requests) != 1 ||
        syscall(SYS_io_getevents, context, 1, 1, &done, NULL) != 1 || done.res != 1)
        fail("aio");
    syscall(SYS_io_destroy, context);
    close(request.aio_fildes);
    puts("ok");
}
/* [end:kernel] */

int main(int argc, char **argv)
{
    int option, flags = EFD_NONBLOCK, edge = 0;

    while ((option = getopt(argc, argv, "+se")) != -1)
        switch (option) {
        case 's': flags |= EFD_SEMAPHORE; break;
        case 'e': edge = EPOLLET; break;
        default: return 2;
        }
    if (optind == argc)
        return 2;

    int fd = eventfd(strtoul(argv[optind], NULL, 0), flags), epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | edge};

    if (fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("eventfd");
    for (int i = optind + 1; i < argc; i++) {
        printf("%-22s", argv[i]);
        if (argv[i][0] == '+')
            add(fd, strtoull(argv[i] + 1, NULL, 0));
        else if (strcmp(argv[i], "read") == 0)
            take(fd);
        else if (strcmp(argv[i], "poll") == 0)
            look(fd);
        else if (strcmp(argv[i], "wait") == 0)
            printf("%d\n", epoll_wait(epoll, &event, 1, 0));
        else if (strcmp(argv[i], "post") == 0)
            post(fd, argv[0]);
        else
            return 2;
    }
    return 0;
}
