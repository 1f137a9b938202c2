// IGVM sink: a launch image becomes the bytes of an IGVM file for TDX.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// It knows the format and nothing of what is in the pages. Headers stand in the order of the launch
// image, so that who follows them builds a TD of the same MRTD: measured and other content as
// PAGE_DATA, memory without content as pages of zeros that are not measured, and in the place of
// the TD HOB, which IGVM does not have, a parameter area for the memory map. There is no
// VP_CONTEXT: a vCPU of a TD starts in its reset state.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "loader/image/launch_image.h"

/*
 * Bytes that igvm_sink_write() will make. ST_NOT_FOUND: there are no sections. ST_BAD_RANGE: a
 * section is empty, not page aligned, or ends above 4 GiB. ST_UNSUPPORTED: what the format does not
 * say: bytes of what has no content, a measured section without content, a second TD HOB,
 * parameters. ST_NO_SPACE: the file would be above IMAGE_MAX_SIZE.
 */
enum status igvm_sink_size(const struct launch_image *image, uint64_t *size) MUST_CHECK;

/*
 * out_size: as igvm_sink_size() said. Status as igvm_sink_size(); ST_BAD_ARGUMENT: out_size is
 * another. On failure nothing is written to out.
 */
enum status igvm_sink_write(const struct launch_image *image, uint8_t *out,
			    uint64_t out_size) MUST_CHECK;
