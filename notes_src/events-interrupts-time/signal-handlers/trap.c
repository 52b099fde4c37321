/* A program that sets a breakpoint in itself. x86-64 only. `trap blocked`: with SIGTRAP blocked. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { INT3 = 0xcc, TF = 1 << 8, MOST = 8 };

static volatile sig_atomic_t traps;
static struct { long offset; int code; } volatile seen[MOST];

__attribute__((noipa)) static int triple(int n)
{
    return 3 * n;
}

/* [start:handler] */
static volatile uint8_t *const place = (volatile uint8_t *)triple;
static uint8_t original;

static void on_trap(int signum, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

    (void)signum;
    if (traps < MOST) {
        seen[traps].offset = registers[REG_RIP] - (greg_t)place;
        seen[traps++].code = info->si_code;
    }
    if (info->si_code == TRAP_TRACE) {          /* the instruction has run: arm again */
        *place = INT3;
        registers[REG_EFL] &= ~TF;
    } else {                                    /* INT3 has run: back to its address, and one step */
        *place = original;
        registers[REG_RIP]--;
        registers[REG_EFL] |= TF;
    }
}
/* [end:handler] */

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    uintptr_t page = (uintptr_t)place & -(uintptr_t)sysconf(_SC_PAGESIZE);
    sigset_t set;

    sigemptyset(&action.sa_mask);
    sigaction(SIGTRAP, &action, NULL);
    if (argc == 2 && strcmp(argv[1], "blocked") == 0) {
        sigemptyset(&set);
        sigaddset(&set, SIGTRAP);
        sigprocmask(SIG_BLOCK, &set, NULL);
    }
    /* [start:main] */
    if (mprotect((void *)page, place - (uint8_t *)page + 1, PROT_READ | PROT_WRITE | PROT_EXEC) < 0)
        return 2;
    original = *place;
    *place = INT3;
    int sum = triple(1) + triple(2);
    *place = original;
    /* [end:main] */

    printf("sum:                    %d\n", sum);
    for (int i = 0; i < traps; i++)
        printf("%-23s %s\n",
               seen[i].offset == 1 ? "one byte in:" : "past the instruction:",
               seen[i].code == SI_KERNEL ? "SI_KERNEL" : seen[i].code == TRAP_TRACE ? "TRAP_TRACE" : "?");
    return 0;
}
