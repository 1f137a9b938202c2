// The kinds of payload, side by side.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/payload/payload.h"

#include "arch/base/bits.h"
#include "linker/memmap.h"
#include "loader/payload/bzimage.h"
#include "shim/refusal.h"

enum status payload_open(const struct image_config *config, struct payload *out)
{
	struct payload payload = { 0 };
	const uint8_t *bytes;
	uint32_t size;
	TRY(source_open(config, SOURCE_KERNEL, &payload.file));
	if (payload.file.size == 0) {
		return refuse(ST_NOT_FOUND, "kernel: none in the image, none of the host");
	}
	TRY(source_peek(&payload.file, &bytes, &size));
	payload.kind = payload_kind_of(bytes, size);
	if (payload.kind == PAYLOAD_BZIMAGE) {
		TRY(linux_open(&payload.file, bytes, size, &payload.kernel));
	}
	*out = payload;
	return ST_OK;
}

/* Copies all of the file to the end of memory below 2 GiB. One that the host has in two pieces is
 * one file all the same. */
static enum status stage(const struct source *file, const struct memory_map *map,
			 struct gpa_range *out)
{
	uint64_t size = (uint64_t)file->size + file->rest;
	gpa_t place;
	enum status status =
		memory_map_place(map, size, SHIM_RAM_END, BZIMAGE_INITRD_END_MAX, &place);
	if (status != ST_OK) {
		return refuse(status, "kernel: no RAM for 0x%lx bytes of its file", size);
	}
	*out = (struct gpa_range){ place, align_up(size, MEM_PAGE_SIZE) };
	return source_load(file, 0, gpa_pointer(place));
}

enum status payload_load(struct payload *payload, const struct image_config *config,
			 const struct memory_map *map)
{
	const struct source *file = &payload->file;
	uint32_t size = file->size + file->rest;
	struct gpa_range staged;
	if (payload->kind == PAYLOAD_BZIMAGE) {
		return linux_load(&payload->kernel, file, config, map);
	}
	TRY(stage(file, map, &staged));
	return payload->kind == PAYLOAD_UKI ?
		       linux_load_uki(&payload->kernel, staged, size, config, map) :
		       paravisor_load(&payload->paravisor, staged, size, config, map);
}

bool payload_accepts_memory(const struct payload *payload)
{
	return payload->kernel.accepts_memory;
}

void payload_hand_over(const struct payload *payload, const struct image_config *config,
		       const struct memory_map *map, struct handover *handover)
{
	if (payload->kind == PAYLOAD_ELF) {
		paravisor_hand_over(&payload->paravisor, config, map, handover);
	} else {
		linux_hand_over(&payload->kernel, map, handover);
	}
}
