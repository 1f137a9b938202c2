// Files of fw_cfg as the machine reads them: settings, firmware, kernel, initrd, command line.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "boot-tests/vmm/config.h"
#include "boot-tests/vmm/verdict.h"

/* A file in machine memory: a span of frames.h. */
struct blob {
	uint8_t *data; /* null when there is no such file */
	uint32_t size;
};
struct blob blob_load(const char *name);

/* Reads and parses opt/lintel/config. With a verdict: ST_NOT_FOUND, there is none; ST_NO_SPACE, it
 * is too long; ST_BAD_FORMAT, config_parse() refuses it. */
enum status blob_load_config(struct config *config, struct verdict *verdict) MUST_CHECK;
