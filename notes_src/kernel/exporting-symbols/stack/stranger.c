#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

/* [start:stranger] */
extern u64 lend(u64 amount);	/* not what lender.h says */

static int __init stranger_init(void)
{
	pr_info("asked for %llu\n", 0x100000005ULL);
	lend(0x100000005ULL);
	return 0;
}
/* [end:stranger] */
module_init(stranger_init);

static void __exit stranger_exit(void)
{
}
module_exit(stranger_exit);

MODULE_DESCRIPTION("Declares for itself, and wrongly, what another module exports");
MODULE_LICENSE("GPL");
