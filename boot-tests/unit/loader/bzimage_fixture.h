// The setup header of a stock kernel, with the numbers that tests of bzImages begin with.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/linux/boot_params.h"

/* Debian's 6.12, by the numbers of the boot protocol and not by our names for them. Its syssize is
 * left 0: a test states the size of its own body. */
static const struct linux_setup_header bzimage_debian_header = {
	.setup_sects = 39,
	.boot_flag = 0xAA55,
	.jump = 0xEB,
	.jump_offset = 0x26C - 0x202,
	.header = 0x53726448,
	.version = 0x20F,
	.loadflags = 1,
	.initrd_addr_max = 0x7FFFFFFF,
	.kernel_alignment = 0x200000,
	.relocatable_kernel = 1,
	.xloadflags = 0x7F,
	.cmdline_size = 2047,
	.pref_address = 0x1000000,
	.init_size = 0x3000000,
};
