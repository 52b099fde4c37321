#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

/* [start:newer] */
static u64 lent;

u64 lend(u64 amount)
{
	lent += amount;
	pr_info("lent %llu\n", amount);
	return lent;
}
EXPORT_SYMBOL(lend);
/* [end:newer] */

MODULE_DESCRIPTION("The lender of the folder stack, with a wider type");
MODULE_LICENSE("GPL");
