// What a boot loader tells a Linux kernel in boot_params, but for memory.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Linux Documentation/arch/x86/boot.rst, zero-page.rst]
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/linux/boot_params.h"

/* Where a kernel and what goes with it have been loaded: all of it below 4 GiB. */
struct zero_page_parts {
	gpa_t kernel;         /* its protected-mode part */
	gpa_t cmdline;        /* ends with a NUL */
	gpa_t initrd;         /* 0: none */
	uint32_t initrd_size; /* 0: none */
	gpa_t rsdp;           /* 0: no ACPI tables */
};

/*
 * Writes all of *params, with an empty e820 table. header: as bzimage_header_read() made it; what
 * the file or whoever patched it has in the fields that are a boot loader's goes no further.
 */
void zero_page_fill(struct linux_boot_params *params, const struct linux_setup_header *header,
		    const struct zero_page_parts *parts);
