// Takes an image apart, makes it again, and names the first field that differs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/image_check.h"

#include "arch/base/addr.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/lintel/image_config.h"
#include "linker/memmap.h"
#include "loader/image/payload_check.h"
#include "loader/image/tdvf_sink.h"

struct checker {
	const uint8_t *image;
	uint64_t size;
	struct image_config config;
	char *error;
	size_t error_size;
};

static uint64_t checker_base(const struct checker *c)
{
	return FOUR_GIB - c->size;
}

/* ---- taking it apart ------------------------------------------------------------------------- */

static enum status check_span(const struct checker *c, const char *name,
			      const struct image_span *span, uint64_t *free, struct plan_bytes *out)
{
	if (span->base == 0 && span->size == 0) {
		return ST_OK;
	}
	if (!is_aligned(span->base, MEM_PAGE_SIZE) || span->base < *free ||
	    span->base >= AP_TABLE || span->size == 0 || span->size > AP_TABLE - span->base) {
		fmt_print(c->error, c->error_size,
			  "image config: %s base 0x%lx size 0x%lx: must lie in the image below the "
			  "shim, after the part before it",
			  name, span->base, span->size);
		return ST_BAD_RANGE;
	}
	*out = (struct plan_bytes){ c->image + (span->base - checker_base(c)), span->size };
	*free = span->base + span->size;
	return ST_OK;
}

/* The shim is what follows the payload; shim: room for its copy. */
static enum status image_take_apart(const struct checker *c, uint8_t *shim,
				    struct plan_parts *parts)
{
	const struct image_config *config = &c->config;
	uint64_t free = FOUR_GIB - config->image_size;
	if (!is_aligned(free, MEM_PAGE_SIZE) || free >= AP_TABLE ||
	    align_up(config->image_size, IMAGE_ALIGN) != c->size) {
		fmt_print(c->error, c->error_size,
			  "image config: image_size 0x%x: the file has 0x%lx", config->image_size,
			  c->size);
		return ST_BAD_FORMAT;
	}
	TRY(check_span(c, "kernel", &config->kernel, &free, &parts->kernel));
	TRY(check_span(c, "initrd", &config->initrd, &free, &parts->initrd));
	TRY(check_span(c, "command line", &config->cmdline, &free, &parts->cmdline));
	/* The command line's NUL may have a page of its own. */
	free = align_up(free + (parts->cmdline.size != 0 ? 1 : 0), MEM_PAGE_SIZE);
	parts->shim = (struct plan_bytes){ shim, FOUR_GIB - free };
	memcpy(shim, c->image + (free - checker_base(c)), parts->shim.size);
	plan_clear(shim, gpa(free));
	tdvf_sink_clear(shim, gpa(free));
	parts->flags = config->flags;
	parts->acpi_pin = (config->flags & IMAGE_CONFIG_PIN_ACPI) != 0 ? config->acpi_pin : NULL;
	parts->payload_pins =
		(config->flags & IMAGE_CONFIG_PIN_PAYLOAD) != 0 ? config->payload_pins : NULL;
	return ST_OK;
}

/* ---- what differs ---------------------------------------------------------------------------- */

struct image_field {
	const char *area;
	const char *name;
	uint64_t address;
	uint64_t size; /* 8 at most; arrays are named byte by byte */
};

#define FIELD(area, base, type, field)                                                   \
	{                                                                                \
		area, #field, (base) + offsetof(type, field), sizeof(((type *)0)->field) \
	}
#define CONFIG(field) FIELD("image config", IMAGE_CONFIG, struct image_config, field)
#define DESCRIPTOR(field)                                                               \
	FIELD("descriptor", TDVF_METADATA + offsetof(struct sink_metadata, descriptor), \
	      struct tdvf_descriptor, field)
#define TABLE(field) FIELD("GUIDed table", SINK_TABLE, struct sink_table, field)
#define SECTION(field) FIELD("section", 0, struct tdvf_section, field)

static const struct image_field image_fields[] = {
	CONFIG(magic),
	CONFIG(flags),
	CONFIG(image_size),
	CONFIG(kernel.base),
	CONFIG(kernel.size),
	CONFIG(initrd.base),
	CONFIG(initrd.size),
	CONFIG(cmdline.base),
	CONFIG(cmdline.size),
	DESCRIPTOR(signature),
	DESCRIPTOR(length),
	DESCRIPTOR(version),
	DESCRIPTOR(number_of_sections),
	TABLE(descriptor_from_end),
	TABLE(entry_length),
	TABLE(table_length),
	TABLE(descriptor_from_start),
};

static const struct image_field section_fields[] = {
	SECTION(data_offset),      SECTION(raw_data_size), SECTION(memory_address),
	SECTION(memory_data_size), SECTION(type),          SECTION(attributes),
};

static bool field_has(const struct image_field *field, uint64_t address)
{
	return address >= field->address && address - field->address < field->size;
}

static bool find_section_field(uint64_t address, char *area, size_t area_size,
			       struct image_field *out)
{
	for (unsigned i = 0; i < SINK_SECTIONS_MAX; i++) {
		uint64_t base = TDVF_METADATA + offsetof(struct sink_metadata, sections) +
				i * sizeof(struct tdvf_section);
		for (size_t j = 0; j < ARRAY_COUNT(section_fields); j++) {
			struct image_field field = section_fields[j];
			field.address += base;
			if (field_has(&field, address)) {
				fmt_print(area, area_size, "section %u", i);
				field.area = area;
				*out = field;
				return true;
			}
		}
	}
	return false;
}

/* The smallest thing with a name that the address is in. area: memory for a name that is made. */
static struct image_field find_field(const struct plan *plan, uint64_t address, char *area,
				     size_t area_size)
{
	struct image_field found;
	if (find_section_field(address, area, area_size, &found)) {
		return found;
	}
	for (size_t i = 0; i < ARRAY_COUNT(image_fields); i++) {
		if (field_has(&image_fields[i], address)) {
			return image_fields[i];
		}
	}
	if (address >= AP_TABLE && address < AP_TABLE + AP_TABLE_SIZE) {
		return (struct image_field){ "AP table", "entry", align_down(address, 8), 8 };
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_entry *e = &plan->entries[i];
		if (address >= e->range.base.v && address - e->range.base.v < e->range.size) {
			return (struct image_field){ plan_tag_name(e->tag), "byte", address, 1 };
		}
	}
	return (struct image_field){ "padding", "byte", address, 1 };
}

static uint64_t number_at(const uint8_t *at, uint64_t size)
{
	uint64_t value = 0;
	memcpy(&value, at, size);
	return value;
}

static enum status compare(const struct checker *c, const struct plan *plan, const uint8_t *made)
{
	char area[16];
	uint64_t at = 0;
	while (at < c->size && c->image[at] == made[at]) {
		at++;
	}
	if (at == c->size) {
		return ST_OK;
	}
	struct image_field field = find_field(plan, checker_base(c) + at, area, sizeof(area));
	uint64_t offset = field.address - checker_base(c);
	fmt_print(c->error, c->error_size, "%s: %s 0x%lx at 0x%lx: must be 0x%lx", field.area,
		  field.name, number_at(c->image + offset, field.size), field.address,
		  number_at(made + offset, field.size));
	return ST_BAD_FORMAT;
}

bool image_is_ours(const uint8_t *image, uint64_t size)
{
	return number_at(image + (size - (FOUR_GIB - IMAGE_CONFIG)), 8) == IMAGE_CONFIG_MAGIC;
}

enum status image_check(const uint8_t *image, uint64_t size, uint8_t *scratch, char *error,
			size_t error_size)
{
	struct checker c = {
		.image = image, .size = size, .error = error, .error_size = error_size
	};
	memcpy(&c.config, image + (IMAGE_CONFIG - checker_base(&c)), sizeof(c.config));
	struct plan_parts parts = { 0 };
	struct plan_space *space = (struct plan_space *)(void *)(scratch + 2 * size);
	struct plan plan;
	struct launch_image launch;
	TRY(image_take_apart(&c, scratch + size, &parts));
	TRY(plan_make(&plan, &parts, space, error, error_size));
	plan_launch(&plan, &launch);
	TRY(tdvf_sink_write(&launch, scratch, size, error, error_size));
	TRY(compare(&c, &plan, scratch));
	return payload_check(&parts, error, error_size);
}
