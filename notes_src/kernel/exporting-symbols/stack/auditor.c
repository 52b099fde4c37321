#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "lender.h"

static int __init auditor_init(void)
{
	pr_info("%u in all\n", lent_in_all());
	return 0;
}
module_init(auditor_init);

static void __exit auditor_exit(void)
{
}
module_exit(auditor_exit);

MODULE_DESCRIPTION("Uses a symbol that is for GPL modules only");
MODULE_LICENSE("GPL");
