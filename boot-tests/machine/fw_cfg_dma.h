// The machine's own fw_cfg client: files that tools/tdrun put beside the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU docs/specs/fw_cfg.txt]
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Looks a file up in the directory; false when there is none. */
bool fwcfg_find(const char *name, uint16_t *selector, uint32_t *size);
/* Reads size bytes from the start of an item, by DMA. */
void fwcfg_read(uint16_t selector, void *to, uint32_t size);
