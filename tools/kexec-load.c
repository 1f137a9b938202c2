// Starts another kernel from a running one, in the test initramfs: kexec_file_load() and reboot().
// SPDX-License-Identifier: BSD-2-Clause-Patent

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_to_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
	}
	return fd;
}

int main(int argc, char **argv)
{
	int kernel;
	int initrd;

	if (argc != 4) {
		fprintf(stderr, "usage: kexec-load KERNEL INITRD CMDLINE\n");
		return 2;
	}
	kernel = open_to_read(argv[1]);
	initrd = open_to_read(argv[2]);
	if (kernel < 0 || initrd < 0) {
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3], 0UL) != 0) {
		perror("kexec_file_load");
		return 1;
	}
	reboot(RB_KEXEC);
	perror("reboot");
	return 1;
}
