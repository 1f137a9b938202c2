// TDVF sink: an image plan becomes the bytes of an .fd file for qemu -bios.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// One BFV section covers the whole image, measured, raw size == memory size (QEMU copies the
// memory size and does not zero-fill). It has the pages that are used and no other: what pads the
// file to IMAGE_ALIGN precedes it. The sink adds the AP table, struct image_config, the TDX
// metadata, and both ways to find it: the GUIDed table and td-shim's pointer.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "loader/plan.h"

/* Bytes that tdvf_sink_write() will make: a multiple of IMAGE_ALIGN. Status as plan_check(). */
enum status tdvf_sink_size(const struct plan *plan, uint64_t *size) MUST_CHECK;

/*
 * config_flags: IMAGE_CONFIG_*. out: 8-byte aligned, out_size bytes as tdvf_sink_size() said.
 * Status as plan_check(); ST_BAD_ARGUMENT: out_size is another, or an unknown flag;
 * ST_BAD_FORMAT: the shim's image is not zero where the sink has to write. On failure nothing is
 * written to out, and error says which check failed.
 */
enum status tdvf_sink_write(const struct plan *plan, uint32_t config_flags, uint8_t *out,
			    uint64_t out_size, char *error, size_t error_size) MUST_CHECK;
