// What every PC has: the first MiB of its address space, and ports.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Intel Q35 datasheet 2.4.1; PC hosts of all kinds]
#pragma once

/* Memory of a VGA device where there is one: i/o, whatever a host's memory map says. */
#define PC_VGA_WINDOW 0xA0000
#define PC_VGA_WINDOW_END 0xC0000
/* From here to 1 MiB: option ROMs and BIOS of a plain VM, RAM of a TD. */
#define PC_LEGACY_END 0x100000

/* The first serial port. */
#define PC_COM1 0x3F8
/* Bit 2 resets the CPU. */
#define PC_RESET_CONTROL 0xCF9
