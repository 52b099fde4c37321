#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>

/* [start:knobs] */
static u8 a = 17;
static struct dentry *knobs;

static int products_show(struct seq_file *file, void *unused)
{
	for (int i = 1; i <= 3; i++)
		seq_printf(file, "%d times a is %d\n", i, i * a);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(products);

static int __init knobs_init(void)
{
	knobs = debugfs_create_dir("knobs", NULL);
	debugfs_create_u8("a", 0644, knobs, &a);
	debugfs_create_file("products", 0444, knobs, NULL, &products_fops);
	return 0;
}
module_init(knobs_init);

static void __exit knobs_exit(void)
{
	debugfs_remove(knobs);
	pr_info("a was %d in the end\n", a);
}
module_exit(knobs_exit);
/* [end:knobs] */

module_param_named(b, a, byte, 0644);
MODULE_PARM_DESC(b, "The same variable by way of sysfs");
MODULE_DESCRIPTION("Files in debugfs");
MODULE_LICENSE("GPL");
