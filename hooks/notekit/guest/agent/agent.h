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

enum { LONGEST = 1 << 16, JOBS = 2, USER = 1000 };

/* How a job is to be started: the fixed part of a frame of kind P. Then words, each with a NUL after it: folder,
 * standard input's path or nothing, the number of arguments, the arguments, the environment. */
struct start {
    uint32_t user;
    uint8_t merged, stepping, terminal, unused;
    uint16_t rows, columns;
};

/* frames.c */
extern int port;
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void write_all(int fd, const void *data, size_t length);
uint32_t hear(unsigned char head[8], char *payload);
void tell(char kind, int job, const void *data, uint32_t length);

/* jobs.c */
void make_pipes(void);
void start_job(int job, char *data, size_t length);
void say_to_job(int job, const char *data, size_t length);
void resize_job(int job, const char *data);
void serve(void (*obey)(void)) __attribute__((noreturn));

/* boot.c */
void boot(void);

#endif
