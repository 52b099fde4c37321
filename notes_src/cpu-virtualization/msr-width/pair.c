#include <linux/init.h>
#include <linux/module.h>

#define ONES 0xffffffff00000000UL

static int __init pair_init(void)
{
	unsigned long rcx = ONES | 0xc0000103; /* IA32_TSC_AUX */
	unsigned long rax = ONES | 0x12345678;
	unsigned long rdx = ONES;

	asm volatile("wrmsr" : : "c"(rcx), "a"(rax), "d"(rdx) : "memory");
	rax = ONES;
	asm volatile("rdmsr" : "+a"(rax), "+d"(rdx) : "c"(rcx));
	pr_info("RDX %016lx RAX %016lx\n", rdx, rax);
	return 0;
}

static void __exit pair_exit(void)
{
}

module_init(pair_init);
module_exit(pair_exit);
MODULE_DESCRIPTION("What RDMSR and WRMSR make of the upper halves of RAX, RCX and RDX");
MODULE_LICENSE("GPL");
