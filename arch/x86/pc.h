// The first MiB of a PC's address space.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Intel Q35 datasheet 2.4.1; PC hosts of all kinds]
#pragma once

/* Memory of a VGA device where there is one: i/o, whatever a host's memory map says. */
#define PC_VGA_WINDOW 0xA0000
#define PC_VGA_WINDOW_END 0xC0000
/* From here to 1 MiB: option ROMs and BIOS of a plain VM, RAM of a TD. */
#define PC_LEGACY_END 0x100000
