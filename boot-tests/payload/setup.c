// The setup header that makes the payload a bzImage with a 64-bit entry.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The payload runs only at its preferred address, so it is not relocatable, and it has no real-mode
// code: only a loader that uses the 64-bit entry can start it.
#include "arch/linux/boot_params.h"
#include "linker/memmap.h"

extern const struct linux_setup_header setup_header;
__attribute__((section(".setup_header"), used, aligned(1)))
const struct linux_setup_header setup_header = {
	.setup_sects = 1,
	.syssize = PAYLOAD_FILE_SIZE / 16,
	.boot_flag = LINUX_BOOT_FLAG,
	.jump = 0xEB,
	/* The header ends after this distance; the version of 0x20F ends at 0x26C. */
	.jump_offset = 0x26C - LINUX_HEADER_JUMP_END,
	.header = LINUX_HEADER_MAGIC,
	.version = 0x020F,
	.loadflags = LINUX_LOADFLAG_LOADED_HIGH,
	.code32_start = PAYLOAD_BASE,
	.initrd_addr_max = 0x7FFFFFFF,
	.kernel_alignment = PAYLOAD_WINDOW,
	.relocatable_kernel = 0,
	.min_alignment = 21,
	.xloadflags = LINUX_XLOADFLAG_KERNEL_64,
	.cmdline_size = 2047,
	.pref_address = PAYLOAD_BASE,
	.init_size = PAYLOAD_WINDOW,
};
