// Loads a Linux bzImage, its initrd and command line, and fills boot_params for the 64-bit entry.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Linux Documentation/arch/x86/boot.rst, 64-bit BOOT PROTOCOL]
#pragma once

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/lintel/image_config.h"
#include "linker/memmap.h"
#include "loader/memory/memory_map.h"
#include "shim/entry/ap.h"

/* Use of the hand-off window, up to HANDOFF_TABLES. */
#define HANDOFF_BOOT_PARAMS HANDOFF_PAGES
#define HANDOFF_CMDLINE (HANDOFF_PAGES + 0x1000)
#define HANDOFF_CMDLINE_SIZE 0xF000
/* The setup part of a kernel that the host hands over; only until the kernel is loaded. */
#define HANDOFF_SETUP (HANDOFF_PAGES + 0x10000)
#define HANDOFF_SETUP_SIZE 0x20000

struct linux_boot {
	gpa_t entry; /* 64-bit entry; RSI = boot_params */
	gpa_t boot_params;
	struct gpa_range kernel_window; /* the kernel, and what it needs before it knows memory */
	gpa_t rsdp;                     /* 0: no ACPI tables, so no AP can be woken */
};

/*
 * Prepares everything but the jump, and measures what of it is the host's. map: as handed to the
 * kernel; only MEMORY_ACCEPTED ranges are written to. mp: where a TD's APs wait; NULL on a plain
 * VM. After fw_cfg_init() (which may have failed if the image holds the kernel) and
 * platform_init(). ST_NOT_FOUND: there is no kernel.
 */
enum status linux_boot_prepare(const struct image_config *config, const struct memory_map *map,
			       const struct mailbox_info *mp, struct linux_boot *out) MUST_CHECK;
