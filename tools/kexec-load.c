// Starts another kernel from a running one, or loads it for that, in the test initramfs.
// SPDX-License-Identifier: BSD-2-Clause-Patent

#include <fcntl.h>
#include <linux/kexec.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

static int open_to_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
	}
	return fd;
}

static int load_files(char **names, unsigned long flags)
{
	int kernel = open_to_read(names[0]);
	int initrd = open_to_read(names[1]);

	if (kernel < 0 || initrd < 0) {
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(names[2]) + 1, names[2], flags) !=
	    0) {
		perror("kexec_file_load");
		return 1;
	}
	return 0;
}

/* Two pages at an address, which are never run. */
static int load_segment(uint64_t address)
{
	static uint8_t bytes[2 * PAGE];
	struct kexec_segment segment = { bytes, sizeof(bytes), (void *)address, sizeof(bytes) };

	if (syscall(SYS_kexec_load, address, 1UL, &segment, KEXEC_ARCH_X86_64) != 0 ||
	    syscall(SYS_kexec_load, 0UL, 0UL, NULL, KEXEC_ARCH_X86_64) != 0) {
		perror("kexec_load");
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--segment") == 0) {
		return load_segment(strtoull(argv[2], NULL, 0));
	}
	if (argc == 5 && strcmp(argv[1], "--crash") == 0) {
		return load_files(argv + 2, KEXEC_FILE_ON_CRASH);
	}
	if (argc != 4) {
		fprintf(stderr, "usage: kexec-load [--crash] KERNEL INITRD CMDLINE\n"
				"       kexec-load --segment ADDRESS\n");
		return 2;
	}
	if (load_files(argv + 1, 0) != 0) {
		return 1;
	}
	reboot(RB_KEXEC);
	perror("reboot");
	return 1;
}
