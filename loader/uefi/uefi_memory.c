// The firmware's memory map as the rest of the loader has it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_memory.h"

#include "arch/base/mem.h"
#include "arch/linux/efi.h"
#include "linker/memmap.h"

static enum memory_kind kind_of(uint32_t type)
{
	switch (type) {
	case EFI_LOADER_CODE:
	case EFI_LOADER_DATA:
	case EFI_BOOT_CODE:
	case EFI_BOOT_DATA:
	case EFI_CONVENTIONAL:
	case EFI_ACPI_RECLAIM:
	case EFI_ACPI_NVS:
		return MEMORY_ACCEPTED;
	case EFI_UNACCEPTED:
		return MEMORY_UNACCEPTED;
	case EFI_MMIO:
	case EFI_MMIO_PORTS:
		return MEMORY_MMIO;
	default:
		/* Code and data of runtime services, too: nobody calls them again. */
		return MEMORY_RESERVED;
	}
}

/* The e820 type of reserved memory; 0: the payload may use it. */
static uint32_t reserved_type(uint32_t type)
{
	switch (type) {
	case EFI_ACPI_RECLAIM:
		return E820_ACPI;
	case EFI_ACPI_NVS:
		return E820_NVS;
	default:
		return 0;
	}
}

static enum status read_descriptor(const struct uefi_map *map, size_t number,
				   struct efi_memory_descriptor *out)
{
	const uint8_t *bytes = map->descriptors;
	memcpy(out, bytes + number * map->descriptor_size, sizeof(*out));
	return out->pages <= UINT64_MAX / MEM_PAGE_SIZE ? ST_OK : ST_BAD_RANGE;
}

static enum status descriptor_count(const struct uefi_map *map, size_t *count)
{
	if (map->descriptor_size < sizeof(struct efi_memory_descriptor) ||
	    map->size % map->descriptor_size != 0) {
		return ST_BAD_FORMAT;
	}
	*count = map->size / map->descriptor_size;
	return ST_OK;
}

static enum status reserve(struct uefi_memory *memory, const struct efi_memory_descriptor *entry)
{
	uint32_t type = reserved_type(entry->type);
	if (type == 0) {
		return ST_OK;
	}
	if (memory->reserved_count == UEFI_RESERVED_MAX) {
		return ST_NO_SPACE;
	}
	memory->reserved[memory->reserved_count++] =
		(struct e820_overlay){ { gpa(entry->base), entry->pages * MEM_PAGE_SIZE }, type };
	return ST_OK;
}

enum status uefi_memory_read(const struct uefi_map *map, enum uefi_memory_when when,
			     struct uefi_memory *out, size_t *at)
{
	size_t count;
	*at = 0;
	out->map.count = 0;
	out->reserved_count = 0;
	TRY(descriptor_count(map, &count));
	for (; *at < count; *at += 1) {
		struct efi_memory_descriptor entry;
		TRY(read_descriptor(map, *at, &entry));
		if (when == UEFI_MEMORY_FREE && entry.type != EFI_CONVENTIONAL) {
			continue;
		}
		TRY(memory_map_add(&out->map, entry.base, entry.pages * MEM_PAGE_SIZE,
				   kind_of(entry.type)));
		TRY(reserve(out, &entry));
	}
	return ST_OK;
}
