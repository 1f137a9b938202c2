// Reads a launch image from a file of either format, which the file's magic tells.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "loader/image/launch_image.h"

/* Reads an IGVM or a TDVF file, known by its magic, as igvm_read() or tdvf_read() does. */
enum status launch_read(const uint8_t *file, uint64_t size, struct launch_image *out, char *error,
			size_t error_size) MUST_CHECK;
