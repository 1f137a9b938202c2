// A flat binary as an ELF file.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tools/lintel/flat.h"

#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "arch/exe/elf64.h"

#define ELF_SEGMENT_RWX 7

struct flat_head {
	struct elf64_header header;
	struct elf64_segment segment;
};

void flat_wrap(struct file_bytes *file, uint64_t base, uint64_t entry)
{
	const struct flat_head head = {
		.header = {
			.ident = ELF_IDENT,
			.type = ELF_TYPE_EXEC,
			.machine = ELF_MACHINE_X86_64,
			.version = 1,
			.entry = entry,
			.phoff = offsetof(struct flat_head, segment),
			.ehsize = sizeof(struct elf64_header),
			.phentsize = sizeof(struct elf64_segment),
			.phnum = 1,
		},
		.segment = {
			.type = ELF_SEGMENT_LOAD,
			.flags = ELF_SEGMENT_RWX,
			.offset = sizeof(head),
			.vaddr = base,
			.paddr = base,
			.filesz = file->size,
			.memsz = file->size,
			.align = 1,
		},
	};
	uint8_t *bytes = malloc(sizeof(head) + file->size);
	CHECK(bytes != NULL);
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), file->bytes, file->size);
	free(file->bytes);
	*file = (struct file_bytes){ bytes, sizeof(head) + file->size };
}
