// Whether an IGVM file of ours is what it says: the .fd with its pages, and that as IGVM once more.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Both files of a plan have the same pages, TDVF metadata among them. So what the pages must be
// image_check() says of the .fd, and what the headers must be the sink.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "loader/image/launch_image.h"

/* Bytes of the .fd with the content that ends at 4 GiB; 0: no .fd has such content. */
uint64_t igvm_fd_size(const struct launch_image *image);

/* Makes that .fd. fd: igvm_fd_size() bytes, not 0. */
void igvm_fd_make(const struct launch_image *image, uint8_t *fd);

/*
 * Checks that the file that image was read from is the .fd as an IGVM file.
 * scratch: as many bytes as the file. A status of tdvf_read() or igvm_sink_write(); ST_BAD_FORMAT:
 * the files differ. error says what is wrong, or where they differ first.
 */
enum status igvm_check(const struct launch_image *image, const uint8_t *fd, uint64_t fd_size,
		       uint8_t *scratch, char *error, size_t error_size) MUST_CHECK;
