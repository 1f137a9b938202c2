// Image plan: the layout of linker/memmap.h as a list, and its checks.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/plan.h"

#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/lintel/image_config.h"
#include "loader/memory/regions.h"
#include "loader/table/ap_table.h"

/* The lowest place of an embedded payload. */
#define PAYLOAD_MIN (FOUR_GIB - IMAGE_MAX_SIZE)

/* What an entry of each tag must be. Without a name it is a whole region, and has its name. */
static const struct plan_rule {
	enum plan_kind kind;
	bool always; /* each image has it */
	enum region_tag region;
	const char *name;
	uint64_t base; /* of the window that it must lie in */
	uint64_t end;
} plan_rules[PLAN_TAG_COUNT] = {
	[PLAN_SHIM_DATA] = { PLAN_TEMP_MEM, false, 0, "shim data", SHIM_RAM,
			     SHIM_RAM + REGIONS_TEMP_MEM_SIZE },
	[PLAN_HOB] = { PLAN_TD_HOB, true, REGION_TD_HOB, NULL, 0, 0 },
	[PLAN_KERNEL] = { PLAN_IMAGE, false, 0, "kernel", PAYLOAD_MIN, AP_TABLE },
	[PLAN_INITRD] = { PLAN_IMAGE, false, 0, "initrd", PAYLOAD_MIN, AP_TABLE },
	[PLAN_CMDLINE] = { PLAN_IMAGE, false, 0, "command line", PAYLOAD_MIN, AP_TABLE },
	[PLAN_SHIM] = { PLAN_IMAGE, true, 0, "shim", SHIM_BASE_MIN, AP_TABLE },
	[PLAN_AP_TABLE] = { PLAN_IMAGE, true, REGION_AP_TABLE, NULL, 0, 0 },
	[PLAN_MAILBOX] = { PLAN_IMAGE, true, REGION_MAILBOX, NULL, 0, 0 },
	[PLAN_RESET_PAGE] = { PLAN_IMAGE, true, REGION_RESET_PAGE, NULL, 0, 0 },
};

const char *plan_tag_name(enum plan_tag tag)
{
	if ((size_t)tag >= PLAN_TAG_COUNT) {
		return "unknown";
	}
	const struct plan_rule *rule = &plan_rules[tag];
	return rule->name != NULL ? rule->name : region_name(rule->region);
}

enum status plan_add(struct plan *plan, const struct plan_entry *entry)
{
	if (plan->count == PLAN_TAG_COUNT) {
		return ST_NO_SPACE;
	}
	plan->entries[plan->count++] = *entry;
	return ST_OK;
}

static enum status plan_check_entry(const struct plan_entry *e)
{
	if ((size_t)e->tag >= PLAN_TAG_COUNT || e->kind != plan_rules[e->tag].kind ||
	    (e->bytes == NULL) != (e->size == 0) || (e->kind == PLAN_IMAGE) != (e->size != 0)) {
		return ST_BAD_ARGUMENT;
	}
	const struct plan_rule *rule = &plan_rules[e->tag];
	const struct region *region = &regions[rule->region];
	uint64_t base = rule->name != NULL ? rule->base : region->base;
	uint64_t end = rule->name != NULL ? rule->end : base + region->size;
	struct gpa_range range;
	if (!gpa_range_make(e->range.base.v, e->range.size, &range) || range.base.v < base ||
	    range.base.v >= end || range.size > end - range.base.v) {
		return ST_BAD_RANGE;
	}
	/* A region has one place; the shim ends with its window. */
	if ((rule->name == NULL && range.base.v != base) ||
	    (rule->always && gpa_range_end(range) != end)) {
		return ST_BAD_RANGE;
	}
	/* A command line keeps its NUL. */
	uint64_t room = e->tag == PLAN_CMDLINE ? range.size - 1 : range.size;
	if (e->size > room) {
		return ST_NO_SPACE;
	}
	/* What each image has of content leaves no zeros of somebody's own. */
	return rule->always && e->kind == PLAN_IMAGE && e->size != room ? ST_BAD_ARGUMENT : ST_OK;
}

enum status plan_check(const struct plan *plan)
{
	uint64_t free = 0;
	unsigned seen = 0;
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_entry *e = &plan->entries[i];
		TRY(plan_check_entry(e));
		if ((seen & BIT32(e->tag)) != 0) {
			return ST_BAD_ARGUMENT;
		}
		seen |= BIT32(e->tag);
		if (e->range.base.v < free) {
			return ST_BAD_RANGE;
		}
		free = gpa_range_end(e->range);
	}
	for (size_t tag = 0; tag < PLAN_TAG_COUNT; tag++) {
		if (plan_rules[tag].always && (seen & BIT32(tag)) == 0) {
			return ST_NOT_FOUND;
		}
	}
	return ST_OK;
}

const struct plan_entry *plan_find(const struct plan *plan, enum plan_tag tag)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->entries[i].tag == tag) {
			return &plan->entries[i];
		}
	}
	return NULL;
}

gpa_t plan_image_base(const struct plan *plan)
{
	uint64_t base = FOUR_GIB;
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_entry *e = &plan->entries[i];
		if (e->kind == PLAN_IMAGE && e->range.base.v < base) {
			base = e->range.base.v;
		}
	}
	return gpa(base);
}

/* The shim's bytes in [at, at + size) are zero. name: of what goes there. */
static enum status plan_check_zero(const struct plan_bytes *shim, const char *name, uint64_t at,
				   uint64_t size, char *error, size_t error_size)
{
	for (uint64_t end = at + size; at < end; at++) {
		unsigned byte = shim->bytes[at - (FOUR_GIB - shim->size)];
		if (byte != 0) {
			fmt_print(error, error_size,
				  "shim: byte 0x%02x at 0x%lx, where the %s goes", byte, at, name);
			return ST_BAD_FORMAT;
		}
	}
	return ST_OK;
}

void plan_clear(uint8_t *shim, gpa_t base)
{
	memset(shim + (AP_TABLE - base.v), 0, AP_TABLE_SIZE);
	memset(shim + (IMAGE_CONFIG - base.v), 0, sizeof(struct image_config));
}

static enum status plan_check_parts(const struct plan_parts *parts, char *error, size_t error_size)
{
	CHECK((parts->acpi_pin != NULL) == ((parts->flags & IMAGE_CONFIG_PIN_ACPI) != 0));
	CHECK((parts->payload_pins != NULL) == ((parts->flags & IMAGE_CONFIG_PIN_PAYLOAD) != 0));
	if ((parts->flags & ~(uint32_t)IMAGE_CONFIG_FLAGS) != 0) {
		fmt_print(error, error_size, "image config: flags 0x%x: unknown flag",
			  parts->flags);
		return ST_BAD_ARGUMENT;
	}
	if (parts->payload_pins != NULL &&
	    (parts->kernel.size | parts->initrd.size | parts->cmdline.size) != 0) {
		fmt_print(error, error_size,
			  "image config: flags 0x%x: what is pinned is the "
			  "host's, and nothing of it in the image",
			  parts->flags);
		return ST_BAD_ARGUMENT;
	}
	if (parts->shim.size > FOUR_GIB - SHIM_BASE_MIN) {
		fmt_print(error, error_size, "shim: 0x%lx bytes, at most 0x%lx", parts->shim.size,
			  FOUR_GIB - SHIM_BASE_MIN);
		return ST_NO_SPACE;
	}
	if (!is_aligned(parts->shim.size, MEM_PAGE_SIZE) ||
	    parts->shim.size <= FOUR_GIB - AP_TABLE) {
		fmt_print(error, error_size, "shim: 0x%lx bytes: whole pages, more than 0x%lx",
			  parts->shim.size, FOUR_GIB - AP_TABLE);
		return ST_BAD_ARGUMENT;
	}
	TRY(plan_check_zero(&parts->shim, region_name(REGION_AP_TABLE), AP_TABLE, AP_TABLE_SIZE,
			    error, error_size));
	TRY(plan_check_zero(&parts->shim, region_name(REGION_MAILBOX), MAILBOX, MAILBOX_SIZE, error,
			    error_size));
	return plan_check_zero(&parts->shim, "image config", IMAGE_CONFIG,
			       sizeof(struct image_config), error, error_size);
}

static enum status plan_add_bytes(struct plan *plan, enum plan_tag tag, uint64_t base, uint64_t end,
				  const void *bytes, uint64_t size)
{
	return plan_add(
		plan, &(struct plan_entry){
			      { gpa(base), end - base }, plan_rules[tag].kind, tag, bytes, size });
}

/* Puts kernel, initrd and command line right below the shim. */
static enum status plan_add_payload(struct plan *plan, const struct plan_parts *parts)
{
	const struct {
		const struct plan_bytes *part;
		enum plan_tag tag;
		uint64_t extra; /* bytes that follow the part */
	} payload[] = {
		{ &parts->kernel, PLAN_KERNEL, 0 },
		{ &parts->initrd, PLAN_INITRD, 0 },
		{ &parts->cmdline, PLAN_CMDLINE, 1 },
	};
	uint64_t room = IMAGE_MAX_SIZE - parts->shim.size;
	uint64_t sizes[ARRAY_COUNT(payload)] = { 0 };
	uint64_t total = 0;
	for (size_t i = 0; i < ARRAY_COUNT(payload); i++) {
		uint64_t size = payload[i].part->size;
		if (size > room) {
			return ST_NO_SPACE;
		}
		sizes[i] = size != 0 ? align_up(size + payload[i].extra, MEM_PAGE_SIZE) : 0;
		total += sizes[i];
	}
	if (total > room) {
		return ST_NO_SPACE;
	}
	uint64_t base = FOUR_GIB - parts->shim.size - total;
	for (size_t i = 0; i < ARRAY_COUNT(payload); i++) {
		if (sizes[i] != 0) {
			const struct plan_bytes *part = payload[i].part;
			TRY(plan_add_bytes(plan, payload[i].tag, base, base + sizes[i], part->bytes,
					   part->size));
			base += sizes[i];
		}
	}
	return ST_OK;
}

static struct image_span plan_span(const struct plan *plan, enum plan_tag tag)
{
	const struct plan_entry *e = plan_find(plan, tag);
	return e != NULL ? (struct image_span){ e->range.base.v, e->size } :
			   (struct image_span){ 0, 0 };
}

/* The image config of a plan that has its payload and its shim. */
static struct image_config plan_config(const struct plan *plan, const struct plan_parts *parts)
{
	struct image_config config = {
		.magic = IMAGE_CONFIG_MAGIC,
		.flags = parts->flags,
		.image_size = (uint32_t)(FOUR_GIB - plan_image_base(plan).v),
		.kernel = plan_span(plan, PLAN_KERNEL),
		.initrd = plan_span(plan, PLAN_INITRD),
		.cmdline = plan_span(plan, PLAN_CMDLINE),
	};
	if (parts->acpi_pin != NULL) {
		memcpy(config.acpi_pin, parts->acpi_pin, sizeof(config.acpi_pin));
	}
	if (parts->payload_pins != NULL) {
		memcpy(config.payload_pins, parts->payload_pins, sizeof(config.payload_pins));
	}
	return config;
}

static enum status plan_lay_out(struct plan *plan, const struct plan_parts *parts,
				struct plan_space *space)
{
	const uint8_t *shim = parts->shim.bytes;
	const uint64_t base = FOUR_GIB - parts->shim.size;
	TRY(plan_add_bytes(plan, PLAN_SHIM_DATA, SHIM_RAM, SHIM_RAM + REGIONS_TEMP_MEM_SIZE, NULL,
			   0));
	TRY(plan_add_bytes(plan, PLAN_HOB, TD_HOB, TD_HOB + TD_HOB_SIZE, NULL, 0));
	TRY(plan_add_payload(plan, parts));
	TRY(plan_add_bytes(plan, PLAN_SHIM, base, AP_TABLE, shim, AP_TABLE - base));
	TRY(plan_add_bytes(plan, PLAN_AP_TABLE, AP_TABLE, MAILBOX, space->ap_table, AP_TABLE_SIZE));
	TRY(plan_add_bytes(plan, PLAN_MAILBOX, MAILBOX, RESET_PAGE, shim + (MAILBOX - base),
			   MAILBOX_SIZE));
	TRY(plan_add_bytes(plan, PLAN_RESET_PAGE, RESET_PAGE, FOUR_GIB, space->reset_page,
			   RESET_PAGE_SIZE));
	TRY(ap_table_build(space->ap_table, gpa(AP_TABLE)));
	const struct image_config config = plan_config(plan, parts);
	memcpy(space->reset_page, shim + (RESET_PAGE - base), RESET_PAGE_SIZE);
	memcpy(space->reset_page + (IMAGE_CONFIG - RESET_PAGE), &config, sizeof(config));
	return plan_check(plan);
}

enum status plan_make(struct plan *plan, const struct plan_parts *parts, struct plan_space *space,
		      char *error, size_t error_size)
{
	struct plan made = { 0 };
	TRY(plan_check_parts(parts, error, error_size));
	enum status status = plan_lay_out(&made, parts, space);
	if (status != ST_OK) {
		fmt_print(error, error_size, "plan: %s", status_text(status));
		return status;
	}
	*plan = made;
	return ST_OK;
}

void plan_launch(const struct plan *plan, struct launch_image *out)
{
	static const enum launch_kind kinds[] = {
		[PLAN_IMAGE] = LAUNCH_BFV,
		[PLAN_TD_HOB] = LAUNCH_TD_HOB,
		[PLAN_TEMP_MEM] = LAUNCH_TEMP_MEM,
	};
	*out = (struct launch_image){ 0 };
	for (int content = 1; content >= 0; content--) {
		for (size_t i = 0; i < plan->count; i++) {
			const struct plan_entry *e = &plan->entries[i];
			if ((e->kind == PLAN_IMAGE) != (content != 0)) {
				continue;
			}
			out->sections[out->count++] = (struct launch_section){
				.tag = plan_tag_name(e->tag),
				.base = e->range.base.v,
				.size = e->range.size,
				.kind = kinds[e->kind],
				.measured = e->kind == PLAN_IMAGE,
				.bytes = e->bytes,
				.bytes_size = e->size,
			};
		}
	}
}
_Static_assert(PLAN_TAG_COUNT <= LAUNCH_SECTIONS_MAX, "A launch image holds each plan.");
