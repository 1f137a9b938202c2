// Client of QEMU's fw_cfg device: everything that the host hands over besides the TD HOB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// All of it is hostile. Data reaches the caller by one copy out of the bounce buffer; the caller
// checks that copy. The device answers reads after an item's end with zeros.
#pragma once

#include <stdint.h>

#include "arch/base/status.h"
#include "arch/qemu/fw_cfg.h"

struct fw_cfg_item {
	uint16_t selector;
	uint32_t size;
};

/*
 * Finds the device and counts its files. To be called once, before the others, when the bounce
 * buffer can be reached by the host. ST_NOT_FOUND: no such device. ST_NO_SPACE: more than 65535.
 */
enum status fw_cfg_init(void) MUST_CHECK;

/* Ends its use: what is left of the directory, which nobody measures, must not become the kernel's
 * RAM. */
void fw_cfg_forget(void);

/*
 * Looks a file up in the directory. The part of it that was read last is kept: one that is longer
 * is read anew, part by part, and what the host says then counts. What it says is not measured, but
 * what is read by it. ST_HOST_LIED: the name is there twice, and so no file's name.
 */
enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out) MUST_CHECK;

/* Copies size bytes of an item, from offset on. */
enum status fw_cfg_read(uint16_t selector, uint32_t offset, void *to, uint32_t size) MUST_CHECK;

/* A legacy item that holds a 32-bit little-endian number. */
enum status fw_cfg_read_u32(uint16_t selector, uint32_t *out) MUST_CHECK;
