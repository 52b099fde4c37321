#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "lender.h"

/* [start:borrower] */
static int __init borrower_init(void)
{
	pr_info("%u in all\n", lend(5));
	return 0;
}
module_init(borrower_init);
/* [end:borrower] */

static void __exit borrower_exit(void)
{
}
module_exit(borrower_exit);

MODULE_DESCRIPTION("Uses what another module exports");
MODULE_LICENSE("GPL");
