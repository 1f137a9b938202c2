// Which kind of payload a file is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/payload_kind.h"

#include <stddef.h>

#include "arch/base/mem.h"
#include "arch/exe/elf64.h"
#include "arch/exe/pe.h"
#include "arch/linux/boot_params.h"

#define HEADER_MAGIC_OFFSET (LINUX_HEADER_OFFSET + offsetof(struct linux_setup_header, header))

/* The four bytes at offset; 0 where the file has none there. */
static uint32_t word_at(const uint8_t *file, uint64_t size, uint64_t offset)
{
	uint32_t word = 0;
	if (size >= offset + sizeof(word)) {
		memcpy(&word, file + offset, sizeof(word));
	}
	return word;
}

enum payload_kind payload_kind_of(const uint8_t *file, uint64_t size)
{
	uint32_t first = word_at(file, size, 0);
	if (first == ELF_MAGIC) {
		return PAYLOAD_ELF;
	}
	if ((uint16_t)first == PE_DOS_MAGIC &&
	    word_at(file, size, HEADER_MAGIC_OFFSET) != LINUX_HEADER_MAGIC) {
		return PAYLOAD_UKI;
	}
	return PAYLOAD_BZIMAGE;
}
