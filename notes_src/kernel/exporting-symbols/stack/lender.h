#include <linux/types.h>

u32 lend(u32 amount);
u32 lent_in_all(void);
void forget(void);
