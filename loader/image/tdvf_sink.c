// TDVF sink: copies the plan's parts and writes what makes the file a TDVF image.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/tdvf_sink.h"

#include <stdbool.h>

#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/tdx/mailbox.h"
#include "linker/memmap.h"
#include "loader/table/ap_table.h"

/* What is zero in the shim's image: the sink writes there, or the TD starts with zeros there. */
static const struct sink_area {
	const char *name;
	uint64_t base;
	uint64_t size;
	bool written;
} sink_areas[] = {
	{ "AP table", AP_TABLE, AP_TABLE_SIZE, true },
	{ "wake-up mailbox", MAILBOX, sizeof(struct mailbox), false },
	{ "image config", IMAGE_CONFIG, sizeof(struct image_config), true },
	{ "TDX metadata", TDVF_METADATA, TDVF_METADATA_END - TDVF_METADATA, true },
	{ "GUIDed table", SINK_TABLE, sizeof(struct sink_table), true },
};

void tdvf_sink_clear(uint8_t *shim, gpa_t base)
{
	for (size_t i = 0; i < ARRAY_COUNT(sink_areas); i++) {
		if (sink_areas[i].written) {
			memset(shim + (sink_areas[i].base - base.v), 0, sink_areas[i].size);
		}
	}
}

static enum status sink_check_areas(const struct plan_entry *shim, char *error, size_t error_size)
{
	for (size_t i = 0; i < ARRAY_COUNT(sink_areas); i++) {
		const struct sink_area *area = &sink_areas[i];
		for (uint64_t at = area->base; at < area->base + area->size; at++) {
			unsigned byte = shim->bytes[at - shim->range.base.v];
			if (byte != 0) {
				fmt_print(error, error_size,
					  "shim: byte 0x%02x at 0x%lx, where the %s goes", byte, at,
					  area->name);
				return ST_BAD_FORMAT;
			}
		}
	}
	return ST_OK;
}

static struct image_span sink_span(const struct plan *plan, enum plan_tag tag)
{
	const struct plan_entry *e = plan_find(plan, tag);
	return e != NULL ? (struct image_span){ e->range.base.v, e->size } :
			   (struct image_span){ 0, 0 };
}

/* image_size: of the pages that are loaded; they end the file, and padding of it precedes them. */
static void sink_metadata(const struct plan *plan, uint64_t image_size, struct sink_metadata *out)
{
	*out = (struct sink_metadata){ .guid = TDVF_DESCRIPTOR_GUID };
	uint32_t count = 0;
	out->sections[count++] = (struct tdvf_section){
		.data_offset = (uint32_t)(align_up(image_size, IMAGE_ALIGN) - image_size),
		.raw_data_size = (uint32_t)image_size,
		.memory_address = FOUR_GIB - image_size,
		.memory_data_size = image_size,
		.type = TDVF_SECTION_BFV,
		.attributes = TDVF_ATTRIBUTE_MR_EXTEND,
	};
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_entry *e = &plan->entries[i];
		if (e->kind == PLAN_IMAGE) {
			continue;
		}
		out->sections[count++] = (struct tdvf_section){
			.memory_address = e->range.base.v,
			.memory_data_size = e->range.size,
			.type = e->kind == PLAN_TD_HOB ? TDVF_SECTION_TD_HOB :
							 TDVF_SECTION_TEMP_MEM,
		};
	}
	out->descriptor = (struct tdvf_descriptor){
		.signature = TDVF_SIGNATURE,
		.length = (uint32_t)(sizeof(struct tdvf_descriptor) +
				     count * sizeof(struct tdvf_section)),
		.version = TDVF_VERSION,
		.number_of_sections = count,
	};
}

enum status tdvf_sink_size(const struct plan *plan, uint64_t *size)
{
	TRY(plan_check(plan));
	*size = align_up(FOUR_GIB - plan_image_base(plan).v, IMAGE_ALIGN);
	return ST_OK;
}

enum status tdvf_sink_write(const struct plan *plan, uint32_t config_flags, const uint8_t *acpi_pin,
			    uint8_t *out, uint64_t out_size, char *error, size_t error_size)
{
	CHECK(is_aligned((uintptr_t)out, 8));
	uint64_t size;
	enum status st = tdvf_sink_size(plan, &size);
	if (st != ST_OK) {
		fmt_print(error, error_size, "plan: %s", status_text(st));
		return st;
	}
	if (out_size != size) {
		fmt_print(error, error_size, "image size 0x%lx (needed 0x%lx)", out_size, size);
		return ST_BAD_ARGUMENT;
	}
	if ((config_flags & ~(uint32_t)IMAGE_CONFIG_FLAGS) != 0) {
		fmt_print(error, error_size, "image config: flags 0x%x: unknown flag",
			  config_flags);
		return ST_BAD_ARGUMENT;
	}
	TRY(sink_check_areas(plan_find(plan, PLAN_SHIM), error, error_size));

	uint64_t image_size = FOUR_GIB - plan_image_base(plan).v;
	uint64_t base = FOUR_GIB - size;
	memset(out, 0, size);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_entry *e = &plan->entries[i];
		if (e->kind == PLAN_IMAGE) {
			memcpy(out + (e->range.base.v - base), e->bytes, e->size);
		}
	}
	st = ap_table_build((uint64_t *)(void *)(out + (AP_TABLE - base)), gpa(AP_TABLE));
	CHECK(st == ST_OK);

	struct image_config config = {
		.magic = IMAGE_CONFIG_MAGIC,
		.flags = config_flags,
		.image_size = (uint32_t)image_size,
		.kernel = sink_span(plan, PLAN_KERNEL),
		.initrd = sink_span(plan, PLAN_INITRD),
		.cmdline = sink_span(plan, PLAN_CMDLINE),
	};
	CHECK((acpi_pin != NULL) == ((config_flags & IMAGE_CONFIG_PIN_ACPI) != 0));
	if (acpi_pin != NULL) {
		memcpy(config.acpi_pin, acpi_pin, sizeof(config.acpi_pin));
	}
	memcpy(out + (IMAGE_CONFIG - base), &config, sizeof(config));

	struct sink_metadata metadata;
	sink_metadata(plan, image_size, &metadata);
	memcpy(out + (TDVF_METADATA - base), &metadata, sizeof(metadata));

	uint64_t descriptor = TDVF_METADATA + offsetof(struct sink_metadata, descriptor);
	const struct sink_table table = {
		.descriptor_from_end = (uint32_t)(FOUR_GIB - descriptor),
		.entry_length = offsetof(struct sink_table, table_length),
		.entry_guid = TDVF_METADATA_OFFSET_GUID,
		.table_length = offsetof(struct sink_table, descriptor_from_start),
		.footer_guid = TDVF_FOOTER_GUID,
		.descriptor_from_start = (uint32_t)(descriptor - base),
	};
	memcpy(out + (SINK_TABLE - base), &table, sizeof(table));
	return ST_OK;
}
