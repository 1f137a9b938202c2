// Reader and validator of IGVM files for TDX, ours or foreign; shares nothing of the sink.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What it accepts: a file that means one thing only, to whoever builds the TD. Of each variable
// header it checks what the format says, and what follows from it: lengths and padding, masks that
// name a platform, contents in the file data, pages disjoint and below 4 GiB, a reset vector,
// parameters in areas that are there. Headers of other platforms are skipped, their form is not.
// No I/O, no memory of its own.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "loader/image/launch_image.h"

/* Is it an IGVM file by its magic? It may be malformed all the same. */
bool igvm_is(const uint8_t *file, uint64_t size);

/*
 * ST_NOT_FOUND: no platform TDX, no measured reset vector, an area that nobody declared.
 * ST_TRUNCATED: something reaches past the end of what holds it. ST_BAD_FORMAT: a field breaks a
 * rule. ST_BAD_RANGE: pages are unaligned, wrap or overlap. ST_UNSUPPORTED: what we know but do
 * not take: versions, pages of 2 MiB, shared pages, pages above 4 GiB, data of other platforms,
 * more than LAUNCH_SECTIONS_MAX ranges or LAUNCH_PARAMETERS_MAX parameters. On failure *out is
 * untouched, and error names the header, its offset in the file, the field and the value.
 *
 * Pages that follow each other in memory and in the file are one section. Relocation is ignored:
 * the file is loaded where it says.
 */
enum status igvm_read(const uint8_t *file, uint64_t size, struct launch_image *out, char *error,
		      size_t error_size) MUST_CHECK;
