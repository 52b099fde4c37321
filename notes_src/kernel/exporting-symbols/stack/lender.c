#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "lender.h"

/* [start:lender] */
static u32 lent;

u32 lend(u32 amount)
{
	lent += amount;
	pr_info("lent %u\n", amount);
	return lent;
}
EXPORT_SYMBOL(lend);

u32 lent_in_all(void)
{
	return lent;
}
EXPORT_SYMBOL_GPL(lent_in_all);

void forget(void)
{
	lent = 0;
}
/* [end:lender] */

MODULE_DESCRIPTION("Exports two of its three functions");
MODULE_LICENSE("GPL");
