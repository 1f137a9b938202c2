// Reader and validator of any TDVF firmware image, ours or foreign; shares no code with the sink.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What it accepts: QEMU's rules (hw/i386/tdvf.c), and on top of them what makes an image mean one
// thing only: disjoint sections that end at or below 4 GiB, one TD HOB, at least one BFV, raw data
// inside the image, no attribute that VMMs read differently. No I/O, no memory of its own.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "arch/tdx/tdvf.h"
#include "loader/image/launch_image.h"

/*
 * ST_NOT_FOUND: no metadata. ST_TRUNCATED: something reaches past the end of the file.
 * ST_BAD_FORMAT: a field breaks a rule. ST_BAD_RANGE: a section's memory is empty, unaligned,
 * wraps or overlaps another. ST_UNSUPPORTED: version, type, attribute, address or count that we
 * know but do not take. On failure *out is untouched and error names part, field, value and place.
 * The file is mapped so that it ends at 4 GiB.
 */
enum status tdvf_read(const uint8_t *file, uint64_t size, struct launch_image *out, char *error,
		      size_t error_size) MUST_CHECK;
