// A Linux kernel: its header is read, it is loaded with what goes with it, and then told of both.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Linux Documentation/arch/x86/boot.rst, 64-bit BOOT PROTOCOL]
//
// It comes as a bzImage, with command line and initrd beside it, or with both in a UKI.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "arch/lintel/image_config.h"
#include "arch/linux/boot_params.h"
#include "loader/memory/memory_map.h"
#include "loader/payload/zero_page.h"
#include "shim/payload/handover_record.h"
#include "shim/payload/source.h"

struct linux_payload {
	struct linux_setup_header header;
	bool accepts_memory;          /* that is left unaccepted */
	struct gpa_range window;      /* the kernel, and what it needs before it knows memory */
	struct zero_page_parts parts; /* where all is; no rsdp yet */
};

/* Checks the header of a bzImage, of which setup has the first size bytes. */
enum status linux_open(const struct source *kernel, const uint8_t *setup, uint32_t size,
		       struct linux_payload *out) MUST_CHECK;

/*
 * Loads and measures kernel, command line and initrd. Only MEMORY_ACCEPTED ranges of the map, and
 * the shim's own memory, are written to. The host is not asked for anything after it.
 */
enum status linux_load(struct linux_payload *payload, const struct source *kernel,
		       const struct image_config *config, const struct memory_map *map) MUST_CHECK;

/*
 * The same of a UKI, which has been loaded whole at file, high in accepted memory. Its initrd stays
 * there. ST_UNSUPPORTED: host or image has a command line or an initrd beside it.
 */
enum status linux_load_uki(struct linux_payload *out, struct gpa_range file, uint32_t size,
			   const struct image_config *config,
			   const struct memory_map *map) MUST_CHECK;

/*
 * Writes boot_params, and says in the record how the kernel is entered. map, and rsdp and reserved
 * of the record: what the kernel is told of memory and of tables.
 */
void linux_hand_over(const struct linux_payload *payload, const struct memory_map *map,
		     struct handover *handover);
