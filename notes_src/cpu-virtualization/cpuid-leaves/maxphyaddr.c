#include <cpuid.h>
#include <stdio.h>

int main(void)
{
    unsigned int eax, ebx, ecx, edx;

    /* [start:decode] */
    __cpuid(0x80000008, eax, ebx, ecx, edx);
    unsigned int physical = eax & 0xff, linear = eax >> 8 & 0xff;
    /* [end:decode] */
    printf("EAX %08x: %u physical, %u linear address bits\n", eax, physical, linear);
    printf("bits %u:12 of an entry hold an address, bits 51:%u are reserved\n", physical - 1, physical);
    return 0;
}
