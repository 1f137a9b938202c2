// What must hold when the shim has entered a kernel.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "boot-tests/unit/shim/whole_shim.h"
#include "linker/memmap.h"
#include "loader/image/sha384.h"

/* Pages below 4 GiB, then those above. */
#define WHOLE_LOW_PAGES (WHOLE_RAM / MEM_PAGE_SIZE)
#define WHOLE_PAGES (WHOLE_LOW_PAGES + WHOLE_HIGH / MEM_PAGE_SIZE)
#define WHOLE_RTMRS 4
/* What the host has where it was not asked for anything. */
#define WHOLE_HOST_BYTE 0xEE

/* Of a page of RAM: what the module knows. */
enum whole_page {
	WHOLE_FREE, /* the TD's only once it is accepted */
	WHOLE_ACCEPTED,
	WHOLE_ADDED, /* by the image's sections */
	WHOLE_SHARED,
};

struct whole_handover {
	uint64_t entry, boot_params, cr3;
	const uint8_t *page; /* enum whole_page of each */
	uint8_t (*rtmr)[SHA384_SIZE];
	const struct whole_host *host;
};

/* Of the page at an address: its place in such a table, or WHOLE_PAGES. */
static inline uint64_t whole_page_of(uint64_t address)
{
	if (address < WHOLE_RAM) {
		return address / MEM_PAGE_SIZE;
	}
	return address >= FOUR_GIB && address - FOUR_GIB < WHOLE_HIGH ?
		       WHOLE_LOW_PAGES + (address - FOUR_GIB) / MEM_PAGE_SIZE :
		       WHOLE_PAGES;
}

/* Ends the process with what does not hold. */
void whole_judge(const struct whole_handover *left);
_Noreturn void whole_broken(const char *what);
