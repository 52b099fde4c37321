/*
 * Process 1 of the guest: does what the host says over a virtio-serial port, and tells what came of it.
 *
 * Each frame, both ways: one byte of kind, one of job, two unused, four of length (little-endian), and at most
 * LONGEST bytes. What the kinds mean stands in frames.py. The host is trusted: whatever is wrong with what it says
 * ends the guest. The host trusts nothing that it hears from here.
 */
#ifndef AGENT_H
#define AGENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LONGEST = 1 << 16, JOBS = 5, USER = 1000 };

/* How a job is to be started: the fixed part of a frame of kind P. Then words, each with a NUL after it: folder,
 * standard input's path or nothing, the number of arguments, the arguments, the environment. */
struct start {
    uint32_t user;
    uint8_t merged, stepping, terminal, unused;
    uint16_t rows, columns;
};

/* A job is a process with what it has of the host's attention. */
struct job {
    pid_t pid;           /* 0: none */
    int terminal;        /* the master's end, or -1 */
    int say, hear;       /* what the driver in it says, and where it hears; or -1 */
    char said[64];       /* the beginning of a step that is not yet whole */
    size_t length;
};

/* frames.c */
extern int port;
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void write_all(int fd, const void *data, size_t length);
uint32_t hear(unsigned char head[8], char *payload);
void tell(char kind, int job, const void *data, uint32_t length);

/* jobs.c */
extern struct job jobs[JOBS];
extern int output[2], error[2]; /* the pipes into which jobs print */
void make_pipes(void);
void start_job(int job, char *data, size_t length);
void say_to_job(int job, const char *data, size_t length);
void resize_job(int job, const char *data);

/* serve.c */
void serve(void (*obey)(void)) __attribute__((noreturn));

/* boot.c */
void boot(void);

#endif
