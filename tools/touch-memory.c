// Makes a kernel give out memory, in the test initramfs: each page of a file is written and read.
// SPDX-License-Identifier: BSD-2-Clause-Patent

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define MIB 0x100000UL

int main(int argc, char **argv)
{
	uint64_t size = argc == 3 ? strtoul(argv[2], NULL, 10) * MIB : 0;
	if (size == 0) {
		fprintf(stderr, "usage: touch-memory FILE MIB\n");
		return 2;
	}
	int fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)size) != 0) {
		perror(argv[1]);
		return 1;
	}
	volatile uint64_t *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (words == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* Each page is zero when it comes, and has its own number when all are there. */
	for (uint64_t i = 0; i < size / sizeof(*words); i += PAGE / sizeof(*words)) {
		if (words[i] != 0) {
			fprintf(stderr, "%s: page %lu is not zero\n", argv[1], i * 8 / PAGE);
			return 1;
		}
		words[i] = i + 1;
	}
	for (uint64_t i = 0; i < size / sizeof(*words); i += PAGE / sizeof(*words)) {
		if (words[i] != i + 1) {
			fprintf(stderr, "%s: page %lu is another\n", argv[1], i * 8 / PAGE);
			return 1;
		}
	}
	return 0;
}
