// The region table and its readers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/memory/regions.h"

#define LINE(tag_base, tag_size, added, access, share, later) \
	{ tag_base, tag_size, ADDED_##added, ACCESS_##access, SHARE_##share, LATER_##later },

const struct region regions[REGION_COUNT] = {
#define REGION(tag, name, ...) LINE(tag, tag##_SIZE, __VA_ARGS__)
#define IMAGE_REGION(tag, name, ...) LINE(0, 0, __VA_ARGS__)
#include "linker/regions.def"
};

#define REGION(tag, ...)                                                                        \
	_Static_assert((tag) % MEM_PAGE_SIZE == 0 && (tag##_SIZE) % MEM_PAGE_SIZE == 0 &&       \
			       (tag##_SIZE) != 0 && (tag) + (uint64_t)(tag##_SIZE) <= FOUR_GIB, \
		       #tag ": a region has whole pages below 4 GiB.");
#define IMAGE_REGION(tag, ...)
#include "linker/regions.def"
_Static_assert(
	SHIM_RAM + REGIONS_TEMP_MEM_SIZE == TEMPMEM_END && TEMPMEM_END == TD_HOB,
	"TempMem fills [SHIM_RAM, TEMPMEM_END), which the reset code zeroes; the TD HOB follows.");

_Static_assert(AP_STACK_AREA == 1 << AP_STACK_SHIFT && AP_STACK_AREA == 4 * MEM_PAGE_SIZE &&
		       AP_STACKS_SIZE == AP_WORKERS * AP_STACK_AREA,
	       "an area is a guard page, a stack, a guard page, a stack.");

const char *region_name(enum region_tag tag)
{
	static const char *const names[REGION_COUNT] = {
#define REGION(tag, name, ...) name,
#define IMAGE_REGION REGION
#include "linker/regions.def"
	};
	return names[tag];
}

struct gpa_range region_range(enum region_tag tag, const struct region_bounds *bounds)
{
	const uint64_t starts[] = { bounds->image, bounds->text, bounds->constants, AP_TABLE };
	const struct region *region = &regions[tag];
	if (region->size != 0) {
		return (struct gpa_range){ gpa(region->base), region->size };
	}
	const uint64_t *start = &starts[tag - REGION_PAYLOAD];
	return (struct gpa_range){ gpa(start[0]), start[1] - start[0] };
}

bool regions_have(uint64_t address)
{
	for (size_t i = 0; i < REGION_COUNT; i++) {
		if (address >= regions[i].base && address - regions[i].base < regions[i].size) {
			return true;
		}
	}
	return false;
}

/* Appends [base, end), or lets the last map grow. */
static size_t add_map(struct pt_map *maps, size_t count, uint64_t base, uint64_t end,
		      enum pt_perm perm, enum share share)
{
	struct pt_map *last = count > 0 ? &maps[count - 1] : NULL;
	if (base == end) {
		return count;
	}
	if (last != NULL && last->va + last->size == base && last->perm == perm &&
	    last->share == share) {
		last->size += end - base;
		return count;
	}
	maps[count] = (struct pt_map){ base, gpa(base), end - base, perm, share };
	return count + 1;
}

/* Every second page; the others guard them. */
static size_t add_stacks(struct pt_map *maps, size_t count, struct gpa_range range,
			 enum share share)
{
	uint64_t stack = range.base.v + MEM_PAGE_SIZE;
	for (; stack < gpa_range_end(range); stack += 2 * MEM_PAGE_SIZE) {
		count = add_map(maps, count, stack, stack + MEM_PAGE_SIZE, PT_RW, share);
	}
	return count;
}

size_t regions_boot_maps(bool td, const struct region_bounds *bounds,
			 struct pt_map maps[REGIONS_MAPS_MAX])
{
	static const uint8_t perms[] = {
		[ACCESS_R] = PT_R, [ACCESS_RX] = PT_RX, [ACCESS_RW] = PT_RW
	};
	size_t count = 0;
	uint64_t free = 0;
	for (size_t i = 0; i < REGION_COUNT; i++) {
		const struct region *region = &regions[i];
		struct gpa_range range = region_range((enum region_tag)i, bounds);
		count = add_map(maps, count, free, range.base.v, PT_RW, SHARE_PRIVATE);
		free = gpa_range_end(range);
		enum share share = td ? region->share : SHARE_PRIVATE;
		if (region->access == ACCESS_STACKS) {
			count = add_stacks(maps, count, range, share);
		} else if (region->access != ACCESS_ABSENT) {
			count = add_map(maps, count, range.base.v, free, perms[region->access],
					share);
		}
	}
	return count;
}

unsigned regions_reserved(bool td, uint64_t acpi_used, uint64_t efi_used,
			  struct e820_overlay out[REGIONS_RESERVED_MAX])
{
	unsigned count = 0;
	for (size_t i = 0; i < REGION_COUNT; i++) {
		const struct region *region = &regions[i];
		uint64_t used = i == REGION_EFI_ARENA ? efi_used : acpi_used;
		if (region->later == LATER_ACPI && used != 0) {
			out[count++] = (struct e820_overlay){
				{ gpa(region->base), align_up(used, MEM_PAGE_SIZE) }, E820_ACPI
			};
		} else if (region->later == LATER_NVS && td) {
			out[count++] = (struct e820_overlay){ { gpa(region->base), region->size },
							      E820_NVS };
		}
	}
	return count;
}
