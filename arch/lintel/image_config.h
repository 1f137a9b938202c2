// What the loader tells the shim about the image it stands in: one struct in the reset page.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// All of it is measured. A base of 0 means "not embedded". Without an embedded kernel the shim then
// asks fw_cfg; with one, initrd and command line are embedded or there are none.
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/tdx/module.h"

#define IMAGE_CONFIG_MAGIC 0x4C45544E494C2D54 /* "T-LINTEL" */

/* APs reach the wake-up vector with CR0.WP=1: the AP table is read-only in fact. Default: WP=0,
 * what stock kernels need. */
#define IMAGE_CONFIG_AP_STRICT 1
/* A TD with ATTRIBUTES.DEBUG, into which its host can look, boots all the same. */
#define IMAGE_CONFIG_ALLOW_DEBUG 2
/* No AML of the host reaches the kernel: the DSDT is an empty one, and there is no other. */
#define IMAGE_CONFIG_REFUSE_AML 4
/* The host's ACPI files are those of acpi_pin, or the boot ends. */
#define IMAGE_CONFIG_PIN_ACPI 8
/* Memory above 4 GiB is accepted before the payload starts. */
#define IMAGE_CONFIG_ACCEPT_EAGER 16
/* Without the one before: it is left to the payload, whatever that is. With neither it is left to a
 * kernel that is known to accept it. */
#define IMAGE_CONFIG_ACCEPT_LAZY 32
/* Kernel, initrd and command line of the host are those of payload_pins, or the boot ends. */
#define IMAGE_CONFIG_PIN_PAYLOAD 64
#define IMAGE_CONFIG_FLAGS                                                              \
	(IMAGE_CONFIG_AP_STRICT | IMAGE_CONFIG_ALLOW_DEBUG | IMAGE_CONFIG_REFUSE_AML |  \
	 IMAGE_CONFIG_PIN_ACPI | IMAGE_CONFIG_ACCEPT_EAGER | IMAGE_CONFIG_ACCEPT_LAZY | \
	 IMAGE_CONFIG_PIN_PAYLOAD)

/* SHA-384 of each file, of the command line without a NUL; what is absent is pinned as empty. */
enum image_pin { IMAGE_PIN_KERNEL, IMAGE_PIN_INITRD, IMAGE_PIN_CMDLINE };
#define IMAGE_PINS 3

struct image_span {
	uint64_t base; /* GPA, page aligned */
	uint64_t size; /* bytes */
};

struct image_config {
	uint64_t magic;
	uint32_t flags;
	uint32_t image_size; /* bytes, pages; the image is [4 GiB - image_size, 4 GiB) */
	struct image_span kernel;
	struct image_span initrd;
	struct image_span cmdline;     /* size without the final NUL that follows it */
	uint8_t acpi_pin[SHA384_SIZE]; /* acpi_pin.h; zeros without the flag */
	uint8_t payload_pins[IMAGE_PINS][SHA384_SIZE]; /* enum image_pin; zeros without the flag */
};
ABI_SIZE(struct image_config, 256);
