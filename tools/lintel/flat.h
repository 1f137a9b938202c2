// A flat binary as an ELF file, which the shim loads.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "tools/lintel/tool.h"

/* Puts an ELF header before the bytes of *file: one segment at base, readable, writable and
 * executable. What is wrong with base and entry, the reader of ELF files says. */
void flat_wrap(struct file_bytes *file, uint64_t base, uint64_t entry);
