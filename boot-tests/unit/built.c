// Reads images and ELF files that the build has made.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/built.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "linker/memmap.h"

static uint8_t *image, *elf;
static size_t image_size;

/* build/unit/THIS stands beside the images' folder. */
static void find_build(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	path[length > 0 ? length : 0] = 0;
	for (int level = 0; level < 2; level++) {
		char *slash = strrchr(path, '/');
		assert_non_null(slash);
		*slash = 0;
	}
}

uint8_t *built_file(const char *name, size_t *size)
{
	char build[400];
	char path[500];
	find_build(build, sizeof(build));
	snprintf(path, sizeof(path), "%s/%s", build, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		fail_msg("%s is not there: make all", path);
	}
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	uint8_t *bytes = malloc(*size + 1);
	assert_int_equal(fread(bytes, 1, *size, file), *size);
	bytes[*size] = 0;
	fclose(file);
	return bytes;
}

void built_drop(void)
{
	free(image);
	free(elf);
	image = NULL;
	elf = NULL;
}

void built_load(const char *fd, const char *elf_name)
{
	size_t elf_size;
	built_drop();
	image = built_file(fd, &image_size);
	elf = built_file(elf_name, &elf_size);
}

uint64_t built_symbol(const char *name)
{
	const Elf64_Ehdr *header = (const void *)elf;
	const Elf64_Shdr *sections = (const void *)(elf + header->e_shoff);
	for (unsigned s = 0; s < header->e_shnum; s++) {
		if (sections[s].sh_type != SHT_SYMTAB) {
			continue;
		}
		const Elf64_Sym *symbols = (const void *)(elf + sections[s].sh_offset);
		const char *names = (const char *)elf + sections[sections[s].sh_link].sh_offset;
		for (size_t i = 0; i < sections[s].sh_size / sizeof(*symbols); i++) {
			if (strcmp(names + symbols[i].st_name, name) == 0) {
				return symbols[i].st_value;
			}
		}
	}
	fail_msg("no symbol %s", name);
	return 0;
}

const uint8_t *built_bytes(uint64_t address, size_t size)
{
	uint64_t base = FOUR_GIB - image_size;
	if (address < base || address + size > FOUR_GIB) {
		fail_msg("0x%llx is not in the image", (unsigned long long)address);
	}
	return image + (address - base);
}
