// Layout of a TD's memory from its size and the image's metadata.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_layout.h"

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/tdx/igvm.h"
#include "linker/memmap.h"

bool td_memory_is_ram(const struct td_memory *memory, uint64_t address)
{
	return address < memory->low_size ||
	       (address >= FOUR_GIB && address - FOUR_GIB < memory->high_size);
}

bool td_memory_is_private(const struct td_memory *memory, uint64_t address)
{
	return td_memory_is_ram(memory, address) ||
	       (address < FOUR_GIB && FOUR_GIB - address <= memory->firmware_size);
}

/* QEMU loads the file so that it ends at 4 GiB, and copies the size in memory. */
static bool firmware_section_fits(const struct launch_section *section,
				  const struct launch_image *image)
{
	uint64_t offset = (uint64_t)(section->bytes - image->file);
	return offset <= image->file_size && section->size <= image->file_size - offset &&
	       section->base == FOUR_GIB - image->file_size + offset;
}

/* Cuts [base, base + size) out of the one unaccepted range that holds it whole. */
static bool cut_range(struct td_layout *layout, uint64_t base, uint64_t size)
{
	for (unsigned i = 0; i < layout->range_count; i++) {
		struct td_ram_range whole = layout->ranges[i];
		if (whole.added || base < whole.base || base - whole.base > whole.size ||
		    size > whole.size - (base - whole.base)) {
			continue;
		}
		struct td_ram_range parts[3] = {
			{ whole.base, base - whole.base, false },
			{ base, size, true },
			{ base + size, whole.size - (base - whole.base) - size, false },
		};
		struct td_ram_range kept[3];
		unsigned count = 0;
		for (unsigned p = 0; p < 3; p++) {
			if (parts[p].size != 0) {
				kept[count++] = parts[p];
			}
		}
		CHECK(layout->range_count + count - 1 <= TD_RAM_RANGES_MAX);
		for (unsigned j = layout->range_count - 1; j > i; j--) {
			layout->ranges[j + count - 1] = layout->ranges[j];
		}
		for (unsigned p = 0; p < count; p++) {
			layout->ranges[i + p] = kept[p];
		}
		layout->range_count += count - 1;
		return true;
	}
	return false;
}

static enum status place_section(struct td_layout *layout, const struct launch_image *image,
				 const struct launch_section *section, char *error,
				 size_t error_size)
{
	const char *where;
	bool fits;
	bool content = section->kind == LAUNCH_BFV || section->kind == LAUNCH_CFV;
	if (content && !image->mapped && FOUR_GIB - section->base <= layout->memory.firmware_size) {
		return ST_OK;
	}
	if (content && image->mapped) {
		fits = firmware_section_fits(section, image);
		where = "does not lie where the image, which ends at 4 GiB, has its data";
	} else {
		fits = section->size != 0 && cut_range(layout, section->base, section->size);
		where = "does not lie in free RAM of the TD";
	}
	if (!fits) {
		fmt_print(error, error_size, "section %s at 0x%llx, size 0x%llx, %s", section->tag,
			  (unsigned long long)section->base, (unsigned long long)section->size,
			  where);
		return ST_BAD_RANGE;
	}
	if (section->kind == LAUNCH_TD_HOB && layout->hob_size == 0) {
		layout->hob_base = section->base;
		layout->hob_size = section->size;
	}
	return ST_OK;
}

/* IGVM's parameters are in the section's place. */
static enum status place_parameters(struct td_layout *layout, const struct launch_image *image,
				    char *error, size_t error_size)
{
	for (unsigned i = 0; i < image->parameter_count; i++) {
		const struct launch_parameter *p = &image->parameters[i];
		if (p->type != IGVM_MEMORY_MAP || layout->memory_map) {
			fmt_print(error, error_size,
				  "parameter of type 0x%x at 0x%llx: there is one memory map, and "
				  "nothing else",
				  p->type, (unsigned long long)p->base);
			return ST_UNSUPPORTED;
		}
		for (unsigned j = 0; j < image->count; j++) {
			const struct launch_section *s = &image->sections[j];
			if (p->base >= s->base && p->base - s->base < s->size) {
				layout->hob_base = s->base;
				layout->hob_size = s->size;
				layout->memory_map = true;
				layout->map_offset = p->base - s->base;
			}
		}
	}
	return ST_OK;
}

/* Bytes below 4 GiB that the image takes. */
static uint64_t firmware_window(const struct launch_image *image)
{
	uint64_t lowest = FOUR_GIB;
	if (image->mapped) {
		return image->file_size;
	}
	for (unsigned i = 0; i < image->count; i++) {
		uint64_t base = image->sections[i].base;
		if (base >= FOUR_GIB - IMAGE_MAX_SIZE && base < lowest) {
			lowest = base;
		}
	}
	return FOUR_GIB - lowest;
}

enum status td_memory_make(uint64_t size, struct td_memory *out, char *error, size_t error_size)
{
	uint64_t low = size < TD_LOW_MEMORY_MAX ? size : TD_LOW_MEMORY_SPLIT;
	if (size == 0 || !is_aligned(size, TD_MEMORY_UNIT) || size - low > TD_HIGH_MEMORY_MAX) {
		fmt_print(error, error_size,
			  "memory size 0x%llx is not a multiple of 8 KiB up to 0x%llx",
			  (unsigned long long)size,
			  (unsigned long long)(TD_LOW_MEMORY_SPLIT + TD_HIGH_MEMORY_MAX));
		return ST_BAD_ARGUMENT;
	}
	*out = (struct td_memory){ .low_size = low, .high_size = size - low };
	return ST_OK;
}

static enum status place_memory(struct td_layout *layout, uint64_t size, uint64_t image_size,
				char *error, size_t error_size)
{
	struct td_memory *memory = &layout->memory;
	TRY(td_memory_make(size, memory, error, error_size));
	if (image_size == 0 || !is_aligned(image_size, MEM_PAGE_SIZE) ||
	    image_size > IMAGE_MAX_SIZE) {
		fmt_print(error, error_size,
			  "image size 0x%llx is not a page multiple up to 0x%llx",
			  (unsigned long long)image_size, (unsigned long long)IMAGE_MAX_SIZE);
		return ST_BAD_ARGUMENT;
	}
	memory->firmware_size = image_size;
	layout->ranges[layout->range_count++] = (struct td_ram_range){ 0, memory->low_size, false };
	if (memory->high_size != 0) {
		layout->ranges[layout->range_count++] =
			(struct td_ram_range){ FOUR_GIB, memory->high_size, false };
	}
	return ST_OK;
}

enum status td_layout_make(uint64_t size, const struct launch_image *image, struct td_layout *out,
			   char *error, size_t error_size)
{
	struct td_layout layout = { 0 };
	TRY(place_memory(&layout, size, firmware_window(image), error, error_size));
	for (unsigned i = 0; i < image->count; i++) {
		TRY(place_section(&layout, image, &image->sections[i], error, error_size));
	}
	TRY(place_parameters(&layout, image, error, error_size));
	if (layout.hob_size == 0) {
		fmt_print(error, error_size, "the image has no TD_HOB section, and no memory map");
		return ST_NOT_FOUND;
	}
	*out = layout;
	return ST_OK;
}
