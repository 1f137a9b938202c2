// Command line and initrd: opened, placed, loaded.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/payload/parts.h"

#include "arch/base/mem.h"
#include "linker/memmap.h"
#include "shim/payload/source.h"
#include "shim/refusal.h"

enum status parts_load_cmdline(const struct image_config *config, uint32_t most)
{
	char *text = gpa_pointer(gpa(HANDOVER_CMDLINE));
	struct source cmdline;
	TRY(source_open(config, SOURCE_CMDLINE, &cmdline));
	if (cmdline.size >= HANDOVER_CMDLINE_SIZE) {
		return refuse(ST_NO_SPACE, "command line: %u bytes, at most %u", cmdline.size,
			      HANDOVER_CMDLINE_SIZE - 1);
	}
	TRY(source_load(&cmdline, 0, text));
	/* The kernel would cut it, and with it what the user relies on. */
	if (strlen(text) > most) {
		return refuse(ST_NO_SPACE, "command line: %lu bytes, cmdline_size %u", strlen(text),
			      most);
	}
	return ST_OK;
}

enum status parts_load_initrd(const struct image_config *config, uint64_t lowest, uint64_t end,
			      const struct memory_map *map, struct parts_initrd *out)
{
	gpa_t place = gpa(lowest);
	struct source source;
	TRY(source_open(config, SOURCE_INITRD, &source));
	if (source.size != 0) {
		enum status status = memory_map_place(map, source.size, lowest, end, &place);
		if (status != ST_OK) {
			return refuse(status,
				      "initrd: 0x%x bytes above 0x%lx, initrd_addr_max 0x%lx",
				      source.size, lowest, end - 1);
		}
	}
	*out = (struct parts_initrd){ source.size != 0 ? place : gpa(0), source.size };
	return source_load(&source, 0, gpa_pointer(place));
}

enum status parts_refuse(enum status status, const struct payload_fault *fault)
{
	return refuse(status, "kernel: %s 0x%lx at 0x%lx", payload_fault_field(fault), fault->value,
		      fault->offset);
}
