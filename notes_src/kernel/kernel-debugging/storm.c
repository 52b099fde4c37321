#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

static int secret = 42;

static int __init storm_init(void)
{
	/* [start:storm] */
	for (int i = 1; i <= 1000; i++) {
		pr_info_once("the first of many\n");
		pr_info_ratelimited("number %d\n", i);
	}
	/* [end:storm] */
	/* [start:pointers] */
	pr_info("at %p\n", &secret);
	pr_info("at %px\n", &secret);
	pr_info("at %ps\n", &secret);
	pr_info("error %pe\n", ERR_PTR(-ENOENT));
	/* [end:pointers] */
	return 0;
}
module_init(storm_init);

static void __exit storm_exit(void)
{
}
module_exit(storm_exit);

MODULE_DESCRIPTION("Says too much");
MODULE_LICENSE("GPL");
