// Where the parts of a payload come from: a part is opened, then copied and measured in one step.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What is embedded in the image is in MRTD, and in no event. The host's bytes are copied once into
// private memory, compared there with the image's pin if it has one, and, in a TD, measured with
// the event of their part, before the caller has them. No other function reads them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "arch/lintel/image_config.h"

enum source_part {
	SOURCE_KERNEL = IMAGE_PIN_KERNEL,
	SOURCE_INITRD = IMAGE_PIN_INITRD,
	SOURCE_CMDLINE = IMAGE_PIN_CMDLINE, /* a text: ends at its first NUL */
};

struct source {
	enum source_part part;
	uint32_t size; /* 0: neither the image nor the host has it */
	/* The host has it in two items: size bytes, then rest bytes. Else rest is 0. */
	bool split;
	uint32_t rest;
	/* What follows is source.c's alone. */
	bool host;               /* else it is in the image, or absent */
	const uint8_t *pin;      /* the image's digest of it; NULL: any will do */
	const uint8_t *embedded; /* in the image */
	uint16_t selectors[2];   /* fw_cfg items of the host */
	uint32_t peeked;         /* bytes that source_peek() has copied */
};

/*
 * Looks for a part in the image, then at the host: after fw_cfg_init(), which may have failed. What
 * goes with an embedded kernel is embedded or absent: a host that could add a command line or an
 * initrd would steer a measured kernel.
 */
enum status source_open(const struct image_config *config, enum source_part part,
			struct source *out) MUST_CHECK;

/* ST_UNSUPPORTED: image or host has this part beside a UKI. An empty command line, which QEMU
 * always has, is none. */
enum status source_refuse(const struct image_config *config, enum source_part part) MUST_CHECK;

/*
 * The first bytes, in memory that the host cannot change, for checks that must come before the part
 * is loaded: all of a part in the image, else at most HANDOVER_SETUP_SIZE bytes of the host's first
 * item. Of one part in a boot, once. ST_NO_SPACE: a part is split, after more than that.
 */
enum status source_peek(struct source *source, const uint8_t **bytes, uint32_t *size) MUST_CHECK;

/*
 * Copies the part, from its byte number from on, to private memory, and measures all of it. from:
 * at most the size that source_peek() gave; 0 without it. A text gets a NUL, so that one byte more
 * than size is written; after its first NUL all is zeroed, and nothing measured; an absent one is
 * the empty text, and measured. Any other part that is absent is only compared with its pin.
 * ST_HOST_LIED: that is another's.
 */
enum status source_load(const struct source *source, uint32_t from, void *to) MUST_CHECK;
