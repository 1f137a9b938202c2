// Image plan: which guest-physical ranges an image has and what they hold, before any file format.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Ranges and bytes belong to the caller. A plan that has passed plan_check() is ascending,
// disjoint, inside the windows of linker/memmap.h, and has all that each image has.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/tdx/module.h"
#include "linker/memmap.h"
#include "loader/image/launch_image.h"

enum plan_kind {
	PLAN_IMAGE,    /* bytes of the image, added and measured */
	PLAN_TD_HOB,   /* added zeroed, the host writes the HOB list into it */
	PLAN_TEMP_MEM, /* added zeroed */
};

enum plan_tag {
	PLAN_SHIM_DATA,
	PLAN_HOB,
	PLAN_KERNEL,
	PLAN_INITRD,
	PLAN_CMDLINE, /* range has room for the final NUL, size does not count it */
	PLAN_SHIM,    /* its text and constants */
	PLAN_AP_TABLE,
	PLAN_MAILBOX,
	PLAN_RESET_PAGE, /* the shim's, with the image config in front */
};
#define PLAN_TAG_COUNT 9

/* bytes and size: what stands at the range's base, zeros follow; NULL and 0 if only zeros. */
struct plan_entry {
	struct gpa_range range;
	enum plan_kind kind;
	enum plan_tag tag;
	const uint8_t *bytes;
	uint64_t size;
};

/* Each tag at most once. */
struct plan {
	size_t count;
	struct plan_entry entries[PLAN_TAG_COUNT];
};

struct plan_bytes {
	const uint8_t *bytes;
	uint64_t size; /* 0: no such part */
};

/* What an image is made of. */
struct plan_parts {
	struct plan_bytes shim; /* up to 4 GiB; zero where the plan puts something else */
	struct plan_bytes kernel;
	struct plan_bytes initrd;
	struct plan_bytes cmdline;
	uint32_t flags;          /* IMAGE_CONFIG_* */
	const uint8_t *acpi_pin; /* SHA384_SIZE bytes with IMAGE_CONFIG_PIN_ACPI, else NULL */
	/* IMAGE_PINS digests with IMAGE_CONFIG_PIN_PAYLOAD, else NULL. */
	const uint8_t (*payload_pins)[SHA384_SIZE];
};

/* The bytes that a plan makes itself: they must stay as long as it is used. */
struct plan_space {
	uint64_t ap_table[AP_TABLE_SIZE / sizeof(uint64_t)];
	uint8_t reset_page[RESET_PAGE_SIZE];
};

/* One word for people. */
const char *plan_tag_name(enum plan_tag tag);

/* Appends an entry. ST_NO_SPACE: PLAN_TAG_COUNT entries are there already. */
enum status plan_add(struct plan *plan, const struct plan_entry *entry) MUST_CHECK;

/*
 * ST_BAD_RANGE: a range is not page aligned, empty, not above the one before it, or outside the
 * window of its kind. ST_BAD_ARGUMENT: kind and tag disagree, a tag is there twice, bytes do not
 * belong to the kind, or do not fill what is filled in each image. ST_NO_SPACE: more bytes than
 * range. ST_NOT_FOUND: what each image has is not there.
 */
enum status plan_check(const struct plan *plan) MUST_CHECK;

/* The entry of a tag, or NULL. */
const struct plan_entry *plan_find(const struct plan *plan, enum plan_tag tag);

/* Where the image of a checked plan starts; it ends at 4 GiB. Page aligned. */
gpa_t plan_image_base(const struct plan *plan);

/*
 * The layout of memmap.h: payload right below the shim. ST_NO_SPACE: above IMAGE_MAX_SIZE, or a
 * shim above its budget. ST_BAD_ARGUMENT: an unknown flag, or a shim that is not whole pages with
 * one of its own at least. ST_BAD_FORMAT: the shim is not zero where the plan puts something else.
 * On failure *plan is untouched and error says which check failed.
 */
enum status plan_make(struct plan *plan, const struct plan_parts *parts, struct plan_space *space,
		      char *error, size_t error_size) MUST_CHECK;

/* Zeroes what a plan has put into the bytes of a shim that starts at base: it is a part again. */
void plan_clear(uint8_t *shim, gpa_t base);

/* Makes the launch image of a checked plan: content first, as all of a file's content precedes what
 * has none. */
void plan_launch(const struct plan *plan, struct launch_image *out);
