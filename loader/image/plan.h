// Image plan: which guest-physical ranges an image has and what they hold, before any file format.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Ranges and bytes belong to the caller. A plan that has passed plan_check() is ascending,
// disjoint, inside the windows of linker/memmap.h, and names one shim and one TD HOB.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"

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
	PLAN_SHIM,
};
#define PLAN_TAG_COUNT 6

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
	struct plan_bytes shim;
	struct plan_bytes kernel;
	struct plan_bytes initrd;
	struct plan_bytes cmdline;
};

/* One word for people. */
const char *plan_tag_name(enum plan_tag tag);

/* Appends. ST_NO_SPACE: PLAN_TAG_COUNT entries are there already. */
enum status plan_add(struct plan *plan, const struct plan_entry *entry) MUST_CHECK;

/*
 * ST_BAD_RANGE: a range is not page aligned, empty, not above the one before it, or outside the
 * window of its kind. ST_BAD_ARGUMENT: kind and tag disagree, a tag is there twice, bytes do not
 * belong to the kind, or the shim is no more than its fixed pages. ST_NO_SPACE: more bytes than
 * range. ST_NOT_FOUND: no shim or no TD HOB.
 */
enum status plan_check(const struct plan *plan) MUST_CHECK;

/* The entry of a tag, or NULL. */
const struct plan_entry *plan_find(const struct plan *plan, enum plan_tag tag);

/* Where the image of a checked plan starts; it ends at 4 GiB. Page aligned. */
gpa_t plan_image_base(const struct plan *plan);

/* The layout of memmap.h: payload right below the shim. ST_NO_SPACE: above IMAGE_MAX_SIZE, or a
 * shim above its budget. */
enum status plan_make(struct plan *plan, const struct plan_parts *parts) MUST_CHECK;
