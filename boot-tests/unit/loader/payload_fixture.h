// An ELF file and a UKI for tests to begin with, by the numbers of their specifications and not by
// our names for them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void fixture_put(uint8_t *file, size_t at, uint64_t value, size_t size)
{
	memcpy(file + at, &value, size);
}

/*
 * Code and constants in the file's order, then data with a .bss that is longer:
 *
 *   file           memory, from base on
 *   0x1000, 0x234  0         R+X, the entry at 0x10
 *   0x2000, 0x80   0x2000    R+W, 0x1100 bytes
 */
#define FIXTURE_ELF_SIZE 0x2080
#define FIXTURE_ELF_MEMORY 0x4000
#define FIXTURE_ELF_SEGMENTS 64 /* where the program headers are */

static inline void fixture_elf_segment(uint8_t *file, unsigned number, uint32_t flags,
				       uint64_t offset, uint64_t address, uint64_t size,
				       uint64_t memory)
{
	size_t at = FIXTURE_ELF_SEGMENTS + 56 * number;
	fixture_put(file, at + 0x00, 1, 4);
	fixture_put(file, at + 0x04, flags, 4);
	fixture_put(file, at + 0x08, offset, 8);
	fixture_put(file, at + 0x10, address, 8);
	fixture_put(file, at + 0x18, address, 8);
	fixture_put(file, at + 0x20, size, 8);
	fixture_put(file, at + 0x28, memory, 8);
	fixture_put(file, at + 0x30, 0x1000, 8);
}

/* type: 2 is EXEC, 3 is DYN. */
static inline void fixture_elf(uint8_t file[FIXTURE_ELF_SIZE], unsigned type, uint64_t base)
{
	memset(file, 0xCC, FIXTURE_ELF_SIZE);
	memset(file, 0, 0x200);
	memcpy(file,
	       "\x7f"
	       "ELF\2\1\1",
	       7);
	fixture_put(file, 0x10, type, 2);
	fixture_put(file, 0x12, 62, 2);
	fixture_put(file, 0x14, 1, 4);
	fixture_put(file, 0x18, base + 0x10, 8);
	fixture_put(file, 0x20, FIXTURE_ELF_SEGMENTS, 8);
	fixture_put(file, 0x34, 64, 2);
	fixture_put(file, 0x36, 56, 2);
	fixture_put(file, 0x38, 2, 2);
	fixture_elf_segment(file, 0, 5, 0x1000, base, 0x234, 0x234);
	fixture_elf_segment(file, 1, 6, 0x2000, base + 0x2000, 0x80, 0x1100);
}

/*
 * The sections .osrel, .cmdline, .linux and .initrd; the kernel's bytes are the caller's, the
 * others' are the letters o and i and a text without a NUL, padded with zeros to 512 bytes each.
 */
#define FIXTURE_UKI_LFANEW 0x80
#define FIXTURE_UKI_OPTIONAL 0xF0
#define FIXTURE_UKI_SECTIONS (FIXTURE_UKI_LFANEW + 24 + FIXTURE_UKI_OPTIONAL)
#define FIXTURE_UKI_INITRD_SIZE 0x321
#define FIXTURE_UKI_CMDLINE "quiet uki=1"
#define FIXTURE_UKI_LINUX_AT 0x800

static inline void fixture_uki_section(uint8_t *file, unsigned number, const char *name,
				       uint32_t offset, uint32_t size)
{
	size_t at = FIXTURE_UKI_SECTIONS + 40 * number;
	memset(file + at, 0, 40);
	memcpy(file + at, name, strlen(name));
	fixture_put(file, at + 0x08, size, 4);
	fixture_put(file, at + 0x0C, 0x10000 + offset, 4);
	fixture_put(file, at + 0x10, (size + 511) / 512 * 512, 4);
	fixture_put(file, at + 0x14, offset, 4);
}

#define FIXTURE_UKI_SIZE(kernel_size) \
	(FIXTURE_UKI_LINUX_AT + ((kernel_size) + 511) / 512 * 512 + 0x400)

static inline void fixture_uki(uint8_t *file, const uint8_t *kernel, uint32_t kernel_size)
{
	uint32_t initrd = FIXTURE_UKI_LINUX_AT + (kernel_size + 511) / 512 * 512;
	memset(file, 0, FIXTURE_UKI_SIZE(kernel_size));
	memcpy(file, "MZ", 2);
	fixture_put(file, 0x3C, FIXTURE_UKI_LFANEW, 4);
	memcpy(file + FIXTURE_UKI_LFANEW, "PE\0\0\x64\x86\x04", 7);
	fixture_put(file, FIXTURE_UKI_LFANEW + 20, FIXTURE_UKI_OPTIONAL, 2);
	fixture_uki_section(file, 0, ".osrel", 0x400, 5);
	fixture_uki_section(file, 1, ".cmdline", 0x600, sizeof(FIXTURE_UKI_CMDLINE) - 1);
	fixture_uki_section(file, 2, ".linux", FIXTURE_UKI_LINUX_AT, kernel_size);
	fixture_uki_section(file, 3, ".initrd", initrd, FIXTURE_UKI_INITRD_SIZE);
	memset(file + 0x400, 'o', 5);
	memcpy(file + 0x600, FIXTURE_UKI_CMDLINE, sizeof(FIXTURE_UKI_CMDLINE) - 1);
	memcpy(file + FIXTURE_UKI_LINUX_AT, kernel, kernel_size);
	memset(file + initrd, 'i', FIXTURE_UKI_INITRD_SIZE);
}

/*
 * An image as UEFI starts it, of PE32+: headers of 0x400 bytes, two sections of 0x200 bytes, the
 * first of which is the later one in the file, one without bytes, and 0x40 bytes that are in none.
 * Each byte beyond the headers is that of its place.
 */
#define FIXTURE_IMAGE_SECTIONS (0x80 + 24 + 0xF0)
#define FIXTURE_IMAGE_SIZE 0x840

static inline void fixture_image(uint8_t file[FIXTURE_IMAGE_SIZE])
{
	for (size_t i = 0; i < FIXTURE_IMAGE_SIZE; i++) {
		file[i] = i < 0x400 ? 0 : (uint8_t)(i * 7 + i / 256);
	}
	memcpy(file, "MZ", 2);
	fixture_put(file, 0x3C, 0x80, 4);
	memcpy(file + 0x80, "PE\0\0\x64\x86\x03", 7);
	fixture_put(file, 0x80 + 20, 0xF0, 2);
	fixture_put(file, 0x98, 0x20B, 2);
	fixture_put(file, 0x98 + 0x3C, 0x400, 4);
	fixture_put(file, 0x98 + 0x40, 0x12345678, 4);
	fixture_put(file, 0x98 + 0x6C, 16, 4);
	for (unsigned i = 0; i < 2; i++) {
		fixture_put(file, FIXTURE_IMAGE_SECTIONS + 40 * i + 0x10, 0x200, 4);
		fixture_put(file, FIXTURE_IMAGE_SECTIONS + 40 * i + 0x14, i == 0 ? 0x600 : 0x400,
			    4);
	}
}
