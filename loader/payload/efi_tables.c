// The EFI that is left of a firmware which has exited: the tables by which Linux finds what it is
// handed over in no other way.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/efi_tables.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"

/* What Linux reads in its own mapping of runtime services: one page. */
struct efi_data {
	struct efi_system_table system;
	struct efi_runtime_services runtime;
	struct efi_configuration_table tables[3];
	struct efi_rt_properties properties;
	uint16_t vendor[8];
};
_Static_assert(sizeof(struct efi_data) <= MEM_PAGE_SIZE, "it is all in the first page");

/* As many as a map of memory and what cuts it can make. */
#define OVERLAYS_MAX (EFI_TABLES_RESERVED_MAX + 2)
#define DESCRIPTORS_MAX (MEMORY_MAP_ENTRIES + 2 * OVERLAYS_MAX)
_Static_assert(DESCRIPTORS_MAX * sizeof(struct efi_memory_descriptor) <=
		       EFI_TABLES_SIZE - MEM_PAGE_SIZE,
	       "the memory map has the pages after the first");

static struct efi_table_header header(uint64_t signature, size_t size)
{
	return (struct efi_table_header){ .signature = signature,
					  .revision = EFI_REVISION_2_10,
					  .header_size = (uint32_t)size };
}

static void efi_add_table(struct efi_data *data, const uint8_t guid[EFI_GUID_SIZE], uint64_t table)
{
	struct efi_configuration_table *entry = &data->tables[data->system.table_count++];
	memcpy(entry->guid, guid, EFI_GUID_SIZE);
	entry->table = table;
}

static void fill_data(struct efi_data *data, uint64_t base, const struct efi_tables_parts *parts)
{
	static const uint8_t acpi[] = EFI_ACPI_20_GUID;
	static const uint8_t properties[] = EFI_RT_PROPERTIES_GUID;
	static const uint8_t unaccepted[] = LINUX_EFI_UNACCEPTED_GUID;
	static const uint16_t vendor[] = u"Lintel";
	memset(data, 0, sizeof(*data));
	memcpy(data->vendor, vendor, sizeof(vendor));
	data->system.header = header(EFI_SYSTEM_TABLE_SIGNATURE, sizeof(data->system));
	data->system.firmware_vendor = base + offsetof(struct efi_data, vendor);
	data->system.runtime = base + offsetof(struct efi_data, runtime);
	data->system.tables = base + offsetof(struct efi_data, tables);
	data->runtime.header = header(EFI_RUNTIME_TABLE_SIGNATURE, sizeof(data->runtime));
	for (unsigned i = 0; i < EFI_RUNTIME_SERVICES; i++) {
		data->runtime.functions[i] = parts->unsupported.v;
	}
	data->runtime.functions[EFI_RUNTIME_SET_VIRTUAL_ADDRESS_MAP] = parts->success.v;
	data->properties =
		(struct efi_rt_properties){ EFI_RT_PROPERTIES_VERSION, sizeof(data->properties),
					    EFI_RT_SET_VIRTUAL_ADDRESS_MAP };
	if (parts->rsdp.v != 0) {
		efi_add_table(data, acpi, parts->rsdp.v);
	}
	efi_add_table(data, properties, base + offsetof(struct efi_data, properties));
	efi_add_table(data, unaccepted, parts->unaccepted.v);
}

/* What is reserved, with EFI's types; then the pages of it that the kernel calls into. */
static unsigned efi_fill_overlays(uint64_t base, const struct efi_tables_parts *parts,
				  struct e820_overlay *out)
{
	uint64_t code = align_down(parts->success.v, MEM_PAGE_SIZE);
	unsigned count = 0;
	CHECK(parts->reserved_count <= EFI_TABLES_RESERVED_MAX);
	for (; count < parts->reserved_count; count++) {
		out[count] = parts->reserved[count];
		out[count].type = out[count].type == E820_ACPI ? EFI_ACPI_RECLAIM : EFI_ACPI_NVS;
	}
	out[count++] = (struct e820_overlay){ { gpa(base), MEM_PAGE_SIZE }, EFI_RUNTIME_DATA };
	out[count++] = (struct e820_overlay){ { gpa(code), MEM_PAGE_SIZE }, EFI_RUNTIME_CODE };
	return count;
}

/* Returns the number of descriptors. */
static unsigned fill_map(struct efi_memory_descriptor *out, uint64_t base,
			 const struct memory_map *map, const struct efi_tables_parts *parts)
{
	/* What EFI has no memory at is in no descriptor. */
	static const uint32_t types[MEMORY_KINDS] = {
		[MEMORY_ACCEPTED] = EFI_CONVENTIONAL,
		[MEMORY_UNACCEPTED] = EFI_UNACCEPTED,
		[MEMORY_LEFT] = EFI_UNACCEPTED,
	};
	struct e820_overlay overlays[OVERLAYS_MAX];
	struct e820_entry entries[DESCRIPTORS_MAX];
	unsigned count = 0;
	unsigned overlay_count = efi_fill_overlays(base, parts, overlays);
	CHECK(e820_build_types(map, types, overlays, overlay_count, entries, DESCRIPTORS_MAX,
			       &count) == ST_OK);
	for (unsigned i = 0; i < count; i++) {
		uint32_t type = entries[i].type;
		bool runtime = type == EFI_RUNTIME_CODE || type == EFI_RUNTIME_DATA;
		out[i] = (struct efi_memory_descriptor){
			.type = type,
			.base = entries[i].base,
			.pages = entries[i].size / MEM_PAGE_SIZE,
			.attributes = EFI_MEMORY_WB | (runtime ? EFI_MEMORY_RUNTIME : 0),
		};
	}
	return count;
}

struct linux_efi_info efi_tables_fill(void *out, gpa_t base, const struct memory_map *map,
				      const struct efi_tables_parts *parts)
{
	uint8_t *bytes = out;
	uint64_t map_base = base.v + MEM_PAGE_SIZE;
	fill_data(out, base.v, parts);
	unsigned count = fill_map((struct efi_memory_descriptor *)(bytes + MEM_PAGE_SIZE), base.v,
				  map, parts);
	return (struct linux_efi_info){
		.signature = LINUX_EFI_LOADER_64,
		.system_table = (uint32_t)base.v,
		.descriptor_size = sizeof(struct efi_memory_descriptor),
		.descriptor_version = EFI_DESCRIPTOR_VERSION,
		.map = (uint32_t)map_base,
		.map_size = count * (uint32_t)sizeof(struct efi_memory_descriptor),
	};
}
