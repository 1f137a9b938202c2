// TDVF sink: an image plan becomes the bytes of an .fd file for qemu -bios.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// One BFV section covers the whole image, measured, raw size == memory size (QEMU copies the
// memory size and does not zero-fill). It has the pages that are used and no other: what pads the
// file to IMAGE_ALIGN precedes it. The sink adds the AP table, struct image_config, the TDX
// metadata, and both ways to find it: the GUIDed table and td-shim's pointer.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/lintel/image_config.h"
#include "arch/tdx/tdvf.h"
#include "linker/memmap.h"
#include "loader/image/plan.h"

/* What stands at TDVF_METADATA: room for one BFV and everything else that a plan can hold. */
struct sink_metadata {
	uint8_t guid[TDVF_GUID_SIZE];
	struct tdvf_descriptor descriptor;
	struct tdvf_section sections[PLAN_TAG_COUNT];
};
_Static_assert(TDVF_METADATA + sizeof(struct sink_metadata) <= TDVF_METADATA_END,
	       "The TDX metadata must fit its window.");

/* The GUIDed table with its one entry, and td-shim's pointer right behind it. */
struct PACKED sink_table {
	uint32_t descriptor_from_end;
	uint16_t entry_length;
	uint8_t entry_guid[TDVF_GUID_SIZE];
	uint16_t table_length;
	uint8_t footer_guid[TDVF_GUID_SIZE];
	uint32_t descriptor_from_start;
};
#define SINK_TABLE_FROM_END (TDVF_FOOTER_FROM_END + offsetof(struct sink_table, footer_guid))
#define SINK_TABLE (FOUR_GIB - SINK_TABLE_FROM_END)
ABI_FIELD(struct sink_table, entry_guid, 0x06, 16);
ABI_FIELD(struct sink_table, footer_guid, 0x18, 16);
ABI_FIELD(struct sink_table, descriptor_from_start, SINK_TABLE_FROM_END - TDVF_POINTER_FROM_END, 4);

/* Bytes that tdvf_sink_write() will make: a multiple of IMAGE_ALIGN. Status as plan_check(). */
enum status tdvf_sink_size(const struct plan *plan, uint64_t *size) MUST_CHECK;

/*
 * config_flags: IMAGE_CONFIG_*. acpi_pin: SHA384_SIZE bytes with IMAGE_CONFIG_PIN_ACPI, else NULL.
 * out: 8-byte aligned, out_size bytes as tdvf_sink_size() said.
 * Status as plan_check(); ST_BAD_ARGUMENT: out_size is another, or an unknown flag;
 * ST_BAD_FORMAT: the shim's image is not zero where the sink has to write. On failure nothing is
 * written to out, and error says which check failed.
 */
enum status tdvf_sink_write(const struct plan *plan, uint32_t config_flags, const uint8_t *acpi_pin,
			    uint8_t *out, uint64_t out_size, char *error,
			    size_t error_size) MUST_CHECK;

/* Zeroes what the sink has written into a shim that starts at base, so that it is a part again. */
void tdvf_sink_clear(uint8_t *shim, gpa_t base);
