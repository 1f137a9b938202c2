// Whether an image is what it says: the parts that its config names, put together by the sink.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// An image of ours is taken apart along its config, and planned and written again: the plan decides
// every byte that the parts do not. So nothing has to be listed here twice, and no field is left
// out. What a part itself must be, the rules of the shim say.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "loader/image/plan.h"

/* Has the image our config? size: at least 64 KiB, as tdvf_read() has checked. */
bool image_is_ours(const uint8_t *image, uint64_t size);

/* Bytes to check an image of size bytes: it made again, its shim, and what a plan makes. */
#define IMAGE_CHECK_SCRATCH(size) (2 * (size) + sizeof(struct plan_space))

/*
 * Checks an image of ours. size as tdvf_read() takes it; scratch: IMAGE_CHECK_SCRATCH(size) bytes,
 * 8-byte aligned.
 * ST_BAD_FORMAT or a status of plan_make(), tdvf_sink_write(), payload_check(); error names
 * the field, its value, and what it must be.
 */
enum status image_check(const uint8_t *image, uint64_t size, uint8_t *scratch, char *error,
			size_t error_size) MUST_CHECK;
