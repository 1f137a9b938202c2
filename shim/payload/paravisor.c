// A payload that is no Linux kernel.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/payload/paravisor.h"

#include "arch/base/mem.h"
#include "linker/memmap.h"
#include "loader/memory/unaccepted.h"
#include "loader/payload/bzimage.h"
#include "loader/payload/elf.h"
#include "loader/payload/handover_fill.h"
#include "shim/entry/ap.h"
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
	if (status == ST_OK &&
	    ranges_overlap(window->base.v, window->size, file.base.v, file.size)) {
		status = payload_refused(&fault, RULE_ELF_RAM, 0, window->base.v);
	}
	if (status != ST_OK) {
		return parts_refuse(status, &fault);
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
	struct handover_space *space = gpa_pointer(gpa(HANDOVER_SETUP));
	struct lintel_handover *head = &space->head;
	const struct td_info *info = world_info();
	const struct mailbox *mailbox = NULL;
	memset(space, 0, sizeof(*space));
	head->gpa_width = info->gpaw;
	head->vcpu_count = info->vcpu_count;
	head->payload = payload->window.base.v;
	head->payload_size = payload->window.size;
	head->initrd = payload->initrd.base.v;
	head->initrd_size = payload->initrd.size;
	head->cmdline = HANDOVER_CMDLINE;
	head->rsdp = handover->rsdp.v;
	head->unaccepted = unaccepted_left(map) > 0 ? UNACCEPTED_TABLE : 0;
	if (world_is_td()) {
		bool strict = (config->flags & IMAGE_CONFIG_AP_STRICT) != 0;
		mailbox = gpa_pointer(gpa(MAILBOX));
		head->flags = LINTEL_TD | (strict ? LINTEL_AP_STRICT : 0);
		head->reset_vector = (uintptr_t)ap_reset_vector;
	}
	handover_fill(space, gpa(HANDOVER_SETUP), map, handover->reserved, handover->reserved_count,
		      mailbox);
	handover->entry = payload->entry;
	handover->argument = gpa(HANDOVER_SETUP);
	handover->window = payload->window;
}
