// A payload that is no Linux kernel, a paravisor or unikernel: loaded, and told of all in
// arch/lintel/handover.h.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/lintel/image_config.h"
#include "loader/memory/memory_map.h"
#include "shim/payload/handover_record.h"
#include "shim/payload/parts.h"

struct paravisor {
	struct gpa_range window;
	gpa_t entry;
	struct parts_initrd initrd;
};

/* An ELF file, which has been loaded whole at file, high in accepted memory; then command line and
 * initrd, which may lie where the file was. On failure *out holds nothing of use. */
enum status paravisor_load(struct paravisor *out, struct gpa_range file, uint32_t size,
			   const struct image_config *config,
			   const struct memory_map *map) MUST_CHECK;

/* Writes the hand-over structure, and says in the record how the payload is entered. */
void paravisor_hand_over(const struct paravisor *payload, const struct image_config *config,
			 const struct memory_map *map, struct handover *handover);
