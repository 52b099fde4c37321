#include <cpuid.h>
#include <stdio.h>

/* [start:main] */
int main(void)
{
    unsigned eax, ebx, ecx, edx;

    if (__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx))
        printf("MAXPHYADDR %u, linear addresses %u bits\n", eax & 0xff,
               eax >> 8 & 0xff);
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        printf("AVX2 %u, LA57 %u\n", ebx >> 5 & 1, ecx >> 16 & 1);
    if (!__get_cpuid(0x80000009, &eax, &ebx, &ecx, &edx))
        puts("leaf 0x80000009 is not there");
}
/* [end:main] */
