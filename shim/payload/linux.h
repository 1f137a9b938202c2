// A Linux bzImage: its header is read, it is loaded with what goes with it, and then told of both.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Linux Documentation/arch/x86/boot.rst, 64-bit BOOT PROTOCOL]
#pragma once

#include <stdbool.h>

#include "arch/base/status.h"
#include "arch/lintel/image_config.h"
#include "arch/linux/boot_params.h"
#include "loader/memory/memory_map.h"
#include "loader/payload/zero_page.h"
#include "shim/payload/handover.h"
#include "shim/payload/source.h"

struct linux_payload {
	struct linux_setup_header header;
	bool accepts_memory; /* that is left unaccepted */
	struct source kernel;
	struct gpa_range window;      /* the kernel, and what it needs before it knows memory */
	struct zero_page_parts parts; /* where all is; no rsdp yet */
};

/* Finds the kernel and checks its header. ST_NOT_FOUND: there is none. */
enum status linux_open(const struct image_config *config, struct linux_payload *out) MUST_CHECK;

/*
 * Loads and measures kernel, command line and initrd. Only MEMORY_ACCEPTED ranges of the map, and
 * the shim's own memory, are written to. The host is not asked for anything after it.
 */
enum status linux_load(struct linux_payload *payload, const struct image_config *config,
		       const struct memory_map *map) MUST_CHECK;

/*
 * Writes boot_params, and says in the record how the kernel is entered. map, and rsdp and reserved
 * of the record: what the kernel is told of memory and of tables.
 */
void linux_hand_over(const struct linux_payload *payload, const struct memory_map *map,
		     struct handover *handover);
