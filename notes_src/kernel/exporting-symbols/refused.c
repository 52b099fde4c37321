#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/syscalls.h>

/* [start:refused] */
static int __init refused_init(void)
{
	ksys_sync();				/* not exported at all */
	debugfs_create_dir("refused", NULL);	/* exported to GPL modules */
	return 0;
}
module_init(refused_init);

MODULE_LICENSE("Proprietary");
/* [end:refused] */
MODULE_DESCRIPTION("Uses two symbols that it may not use");
