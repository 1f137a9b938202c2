// A host's fw_cfg items, for tests that put themselves in the place of shim/host/fw_cfg_read.c.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "shim/host/fw_cfg_read.h"

/* Forgets all items. */
void fake_files_reset(void);
/* name NULL: an item without a directory entry. The bytes stay the caller's. */
void fake_files_add(const char *name, uint16_t selector, const void *bytes, uint32_t size);
/* As fw_cfg_file_find() and fw_cfg_read() on a host that answers; zeros after an item's end. */
enum status fake_files_find(const char *name, struct fw_cfg_item *out) MUST_CHECK;
void fake_files_read(uint16_t selector, uint32_t offset, void *to, uint32_t size);
