// Chooses the reader.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/launch_read.h"

#include "loader/image/igvm_read.h"
#include "loader/image/tdvf_read.h"

enum status launch_read(const uint8_t *file, uint64_t size, struct launch_image *out, char *error,
			size_t error_size)
{
	return igvm_is(file, size) ? igvm_read(file, size, out, error, error_size) :
				     tdvf_read(file, size, out, error, error_size);
}
