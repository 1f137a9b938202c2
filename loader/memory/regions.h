// The table of linker/regions.def: what lies where while the shim runs, and what follows from it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "linker/memmap.h"
#include "loader/memory/e820.h"
#include "loader/table/pagetable.h"

enum region_tag {
#define REGION(tag, ...) REGION_##tag,
#define IMAGE_REGION REGION
#include "linker/regions.def"
	REGION_COUNT
};

/* The columns; linker/regions.def says what each value means. */
enum region_added { ADDED_RAM, ADDED_TEMP_MEM, ADDED_HOB, ADDED_IMAGE };
enum region_access { ACCESS_ABSENT, ACCESS_R, ACCESS_RX, ACCESS_RW, ACCESS_STACKS };
enum region_later { LATER_RAM, LATER_ACPI, LATER_NVS, LATER_NONE };

struct region {
	uint32_t base;
	uint32_t size;  /* 0: base and size are those of an image, see region_range() */
	uint8_t added;  /* enum region_added */
	uint8_t access; /* enum region_access */
	uint8_t share;  /* enum share */
	uint8_t later;  /* enum region_later */
};
extern const struct region regions[REGION_COUNT];

/* Bytes of all TempMem, which starts at SHIM_RAM; the TD HOB follows it. */
enum {
	REGIONS_TEMP_MEM_SIZE = 0
#define REGION(tag, name, added, ...) +(ADDED_##added == ADDED_TEMP_MEM ? tag##_SIZE : 0)
#define IMAGE_REGION(tag, ...)
#include "linker/regions.def"
};

/* For people. The only use of the names, so that the shim is linked without them. */
const char *region_name(enum region_tag tag);

/* Where an image has what is not at the same place in each: page aligned, ascending. */
struct region_bounds {
	uint64_t image; /* the lowest page, of the payload if there is one */
	uint64_t text;
	uint64_t constants;
};

/* Size 0: the image does not have it. */
struct gpa_range region_range(enum region_tag tag, const struct region_bounds *bounds);

/* Does address lie in a region that is at the same place in each image? */
bool regions_have(uint64_t address);

/* No more than a map for each region and one between each two, and one for each stack. */
#define REGIONS_MAPS_MAX (2 * REGION_COUNT + AP_STACKS_SIZE / (2 * MEM_PAGE_SIZE))

/* The boot table's maps of [0, 4 GiB), each address at itself, neighbours alike in one map. td: on
 * a plain VM nothing is shared. Returns how many. */
size_t regions_boot_maps(bool td, const struct region_bounds *bounds,
			 struct pt_map maps[REGIONS_MAPS_MAX]);

enum {
	REGIONS_RESERVED_MAX = 0
#define REGION(tag, name, added, access, share, later) \
	+(LATER_##later == LATER_ACPI || LATER_##later == LATER_NVS)
#define IMAGE_REGION(tag, ...)
#include "linker/regions.def"
};

/* What the payload must leave alone. Ascending; on a plain VM no NVS. acpi_used, efi_used:
 * bytes of the ACPI arena and of the EFI arena that tables take. Returns how many. */
unsigned regions_reserved(bool td, uint64_t acpi_used, uint64_t efi_used,
			  struct e820_overlay out[REGIONS_RESERVED_MAX]);
