// A payload that is no Linux kernel.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/payload/paravisor.h"

#include "linker/memmap.h"
#include "loader/memory/unaccepted.h"
#include "loader/payload/bzimage.h"
#include "loader/payload/elf.h"
#include "loader/payload/handover_fill.h"
#include "shim/entry/ap.h"
#include "shim/refusal.h"
#include "shim/tdx/world.h"

enum status paravisor_load(struct paravisor *out, struct gpa_range file, uint32_t size,
			   const struct image_config *config, const struct memory_map *map)
{
	struct gpa_range *window = &out->window;
	struct elf elf;
	struct payload_fault fault;
	const uint8_t *bytes = gpa_pointer(file.base);
	enum status status = elf_read(bytes, size, &elf, &fault);
	if (status == ST_OK) {
		status = elf_place(&elf, map, window, &fault);
	}
	if (status != ST_OK) {
		return parts_refuse(status, &fault);
	}
	if (ranges_overlap(window->base.v, window->size, file.base.v, file.size)) {
		return refuse(ST_NO_MEMORY, "kernel: 0x%lx bytes at 0x%lx, and its file at 0x%lx",
			      window->size, window->base.v, file.base.v);
	}
	elf_load(&elf, bytes, gpa_pointer(window->base));
	out->entry = gpa(window->base.v + elf.entry);
	TRY(parts_load_cmdline(config, UINT32_MAX));
	return parts_load_initrd(config, gpa_range_end(*window), BZIMAGE_INITRD_END_MAX, map,
				 &out->initrd);
}

void paravisor_hand_over(const struct paravisor *payload, const struct image_config *config,
			 const struct memory_map *map, struct handover *handover)
{
	const struct td_info *info = world_info();
	bool td = world_is_td();
	bool strict = (config->flags & IMAGE_CONFIG_AP_STRICT) != 0;
	const struct handover_parts parts = {
		.flags = (td ? LINTEL_TD : 0) | (td && strict ? LINTEL_AP_STRICT : 0),
		.gpa_width = info->gpaw,
		.vcpu_count = info->vcpu_count,
		.mailbox = td ? gpa_pointer(gpa(MAILBOX)) : NULL,
		.reset_vector = gpa((uintptr_t)ap_reset_vector),
		.payload = payload->window,
		.initrd = payload->initrd.base,
		.initrd_size = payload->initrd.size,
		.cmdline = gpa(HANDOVER_CMDLINE),
		.rsdp = handover->rsdp,
		.memory_left = unaccepted_left(map) > 0,
		.reserved = handover->reserved,
		.reserved_count = handover->reserved_count,
	};
	handover_fill(gpa_pointer(gpa(HANDOVER_SETUP)), gpa(HANDOVER_SETUP), map, &parts);
	handover->entry = payload->entry;
	handover->argument = gpa(HANDOVER_SETUP);
	handover->window = payload->window;
}
