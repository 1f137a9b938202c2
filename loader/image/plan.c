// Image plan: the layout of linker/memmap.h as a list, and its checks.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/plan.h"

#include "linker/memmap.h"
#include "loader/memory/regions.h"

/* The window that an entry of each tag must lie in, and the kind it must have. */
static const struct plan_rule {
	const char *name;
	enum plan_kind kind;
	uint64_t base;
	uint64_t end;
} plan_rules[PLAN_TAG_COUNT] = {
	[PLAN_SHIM_DATA] = { "shim data", PLAN_TEMP_MEM, SHIM_RAM,
			     SHIM_RAM + REGIONS_TEMP_MEM_SIZE },
	[PLAN_HOB] = { "TD HOB", PLAN_TD_HOB, TD_HOB, TD_HOB + TD_HOB_SIZE },
	[PLAN_KERNEL] = { "kernel", PLAN_IMAGE, FOUR_GIB - IMAGE_MAX_SIZE, AP_TABLE },
	[PLAN_INITRD] = { "initrd", PLAN_IMAGE, FOUR_GIB - IMAGE_MAX_SIZE, AP_TABLE },
	[PLAN_CMDLINE] = { "command line", PLAN_IMAGE, FOUR_GIB - IMAGE_MAX_SIZE, AP_TABLE },
	[PLAN_SHIM] = { "shim", PLAN_IMAGE, SHIM_BASE_MIN, FOUR_GIB },
};

const char *plan_tag_name(enum plan_tag tag)
{
	return (size_t)tag < PLAN_TAG_COUNT ? plan_rules[tag].name : "unknown";
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
	struct gpa_range range;
	if (!gpa_range_make(e->range.base.v, e->range.size, &range) || range.base.v < rule->base ||
	    range.base.v >= rule->end || range.size > rule->end - range.base.v) {
		return ST_BAD_RANGE;
	}
	/* The HOB fills its window, the shim ends with it; a command line keeps its NUL. */
	if ((e->tag == PLAN_HOB && range.size != rule->end - rule->base) ||
	    (e->tag == PLAN_SHIM && gpa_range_end(range) != rule->end)) {
		return ST_BAD_RANGE;
	}
	uint64_t room = e->tag == PLAN_CMDLINE ? range.size - 1 : range.size;
	if (e->size > room) {
		return ST_NO_SPACE;
	}
	/* The AP table follows the shim's own pages, the reset vector is in its last bytes. */
	return e->tag != PLAN_SHIM || (e->size == room && range.base.v < AP_TABLE) ?
		       ST_OK :
		       ST_BAD_ARGUMENT;
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
	unsigned needed = BIT32(PLAN_SHIM) | BIT32(PLAN_HOB);
	return (seen & needed) == needed ? ST_OK : ST_NOT_FOUND;
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

enum status plan_make(struct plan *plan, const struct plan_parts *parts)
{
	const struct {
		const struct plan_bytes *part;
		enum plan_tag tag;
		uint64_t extra; /* bytes behind the part */
	} payload[] = {
		{ &parts->kernel, PLAN_KERNEL, 0 },
		{ &parts->initrd, PLAN_INITRD, 0 },
		{ &parts->cmdline, PLAN_CMDLINE, 1 },
	};
	uint64_t shim = align_up(parts->shim.size, MEM_PAGE_SIZE);
	if (parts->shim.size > FOUR_GIB - SHIM_BASE_MIN) {
		return ST_NO_SPACE;
	}
	uint64_t room = IMAGE_MAX_SIZE - shim;
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

	struct plan made = { 0 };
	TRY(plan_add(&made, &(struct plan_entry){ { gpa(SHIM_RAM), REGIONS_TEMP_MEM_SIZE },
						  PLAN_TEMP_MEM,
						  PLAN_SHIM_DATA,
						  NULL,
						  0 }));
	TRY(plan_add(&made,
		     &(struct plan_entry){
			     { gpa(TD_HOB), TD_HOB_SIZE }, PLAN_TD_HOB, PLAN_HOB, NULL, 0 }));
	uint64_t base = FOUR_GIB - shim - total;
	for (size_t i = 0; i < ARRAY_COUNT(payload); i++) {
		if (sizes[i] != 0) {
			TRY(plan_add(&made, &(struct plan_entry){ { gpa(base), sizes[i] },
								  PLAN_IMAGE,
								  payload[i].tag,
								  payload[i].part->bytes,
								  payload[i].part->size }));
			base += sizes[i];
		}
	}
	TRY(plan_add(&made, &(struct plan_entry){ { gpa(FOUR_GIB - shim), shim },
						  PLAN_IMAGE,
						  PLAN_SHIM,
						  parts->shim.bytes,
						  parts->shim.size }));
	TRY(plan_check(&made));
	*plan = made;
	return ST_OK;
}
