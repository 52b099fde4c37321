/* Shows the first bytes of a kernel function while ftrace is off, on, and off again. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static const char *const function = "ksys_sync";

static unsigned long address_of(const char *wanted)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	unsigned long address;
	char name[512];

	while (symbols && fscanf(symbols, "%lx %*c %511s%*[^\n]", &address, name) == 2)
		if (!strcmp(name, wanted))
			return address;
	return 0;
}

/* /proc/kcore is an ELF file of the kernel's memory: a segment each for what lies where. */
static void show(const char *when, unsigned long address)
{
	int kcore = open("/proc/kcore", O_RDONLY);
	unsigned char code[5];
	Elf64_Ehdr elf;
	Elf64_Phdr part;

	if (pread(kcore, &elf, sizeof elf, 0) != sizeof elf)
		return;
	for (int i = 0; i < elf.e_phnum; i++) {
		if (pread(kcore, &part, sizeof part, elf.e_phoff + i * sizeof part) != sizeof part)
			return;
		if (address - part.p_vaddr < part.p_memsz &&
		    pread(kcore, code, sizeof code, part.p_offset + (address - part.p_vaddr)) == sizeof code) {
			printf("%-4s", when);
			for (unsigned j = 0; j < sizeof code; j++)
				printf(" %02x", code[j]);
			puts("");
			break;
		}
	}
	close(kcore);
}

static void set(const char *file, const char *value)
{
	char path[64];
	FILE *opened;

	snprintf(path, sizeof path, "/sys/kernel/tracing/%s", file);
	opened = fopen(path, "w");
	if (!opened || fputs(value, opened) < 0 || fclose(opened))
		perror(path);
}

/* [start:main] */
int main(void)
{
	unsigned long entry = address_of(function);

	mount("nodev", "/sys/kernel/tracing", "tracefs", 0, NULL);
	set("set_ftrace_filter", function);
	show("off", entry);
	set("current_tracer", "function");
	show("on", entry);
	set("current_tracer", "nop");
	show("off", entry);
}
/* [end:main] */
