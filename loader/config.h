// What the loader tells the shim about the image it stands in: one struct in the reset page.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// All of it is measured. A base of 0 means "not embedded". Without an embedded kernel the shim then
// asks fw_cfg; with one, initrd and command line are embedded or there are none.
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

#define IMAGE_CONFIG_MAGIC 0x4C45544E494C2D54 /* "T-LINTEL" */

/* APs reach the wake-up vector with CR0.WP=1: the AP table is read-only in fact. Default: WP=0,
 * what stock kernels need. */
#define IMAGE_CONFIG_AP_STRICT 1

struct image_span {
	uint64_t base; /* GPA, page aligned */
	uint64_t size; /* bytes */
};

struct image_config {
	uint64_t magic;
	uint32_t flags;
	uint32_t image_size;          /* bytes, pages; the image is [4 GiB - image_size, 4 GiB) */
	struct image_span kernel;
	struct image_span initrd;
	struct image_span cmdline;    /* size without the final NUL that follows it */
};
ABI_SIZE(struct image_config, 64);
