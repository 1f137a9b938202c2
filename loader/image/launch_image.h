// Launch image: what a TD is built from, whatever file it comes from or goes into.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A reader of a file format makes it; MRTD, dump and the host that builds the TD know nothing else
// of the file. A plan makes it, too, for the sink that writes a file. It owns no bytes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Named by the section types of TDVF, and IGVM's parameter areas. */
enum launch_kind {
	LAUNCH_BFV,        /* content: code */
	LAUNCH_CFV,        /* content: configuration */
	LAUNCH_TD_HOB,     /* the host writes the HOB list there */
	LAUNCH_TEMP_MEM,   /* no content */
	LAUNCH_PARAMETERS, /* the host writes what it was asked for over the content */
};
#define LAUNCH_KIND_COUNT 5

struct launch_section {
	const char *tag; /* for people */
	uint64_t base;   /* guest physical, page aligned */
	uint64_t size;   /* page aligned, not 0 */
	enum launch_kind kind;
	bool measured;        /* content goes into MRTD, not only its place */
	const uint8_t *bytes; /* what stands at base, zeros follow; NULL: nothing does */
	uint64_t bytes_size;  /* at most size */
};

#define LAUNCH_SECTIONS_MAX 16

/* What the host writes into a section of parameters. */
struct launch_parameter {
	uint32_t type; /* enum igvm_type */
	uint64_t base; /* guest physical */
	uint64_t size; /* bytes up to the end of the section */
};

#define LAUNCH_PARAMETERS_MAX 16

/* Sections in the order in which the TD gets them, disjoint, below 4 GiB. One is the TD HOB, or
 * those of parameters are in its place. */
struct launch_image {
	const uint8_t *file; /* what was read: the sections' bytes are in it; NULL: nothing */
	uint64_t file_size;
	uint64_t metadata; /* where in the file the sections are listed */
	bool mapped;       /* the whole file stands below 4 GiB, not only the sections' bytes */
	unsigned count;
	struct launch_section sections[LAUNCH_SECTIONS_MAX];
	unsigned parameter_count;
	struct launch_parameter parameters[LAUNCH_PARAMETERS_MAX];
};
