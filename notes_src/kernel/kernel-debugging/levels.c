/* [start:levels] */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

static int __init levels_init(void)
{
	pr_emerg("emerg\n");
	pr_alert("alert\n");
	pr_crit("crit\n");
	pr_err("err\n");
	pr_warn("warn\n");
	pr_notice("notice\n");
	pr_info("info\n");
	pr_debug("debug\n");
	printk(KERN_INFO "printk\n");
	printk("no level\n");
	return 0;
}
/* [end:levels] */
module_init(levels_init);

static void __exit levels_exit(void)
{
}
module_exit(levels_exit);

MODULE_DESCRIPTION("Says something at each level");
MODULE_LICENSE("GPL");
