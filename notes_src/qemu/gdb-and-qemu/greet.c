#include <linux/module.h>

static noinline void greet(const char *who)
{
	pr_info("hello, %s\n", who);
}

static int __init greet_init(void)
{
	greet("gdb");
	return 0;
}

static void __exit greet_exit(void)
{
	greet("and goodbye");
}

module_init(greet_init);
module_exit(greet_exit);
MODULE_LICENSE("GPL");
