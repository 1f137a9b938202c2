// How much memory QEMU has.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/ram.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "arch/linux/boot_params.h"
#include "arch/qemu/fw_cfg.h"
#include "boot-tests/machine/fw_cfg_dma.h"
#include "boot-tests/machine/memory.h"

#define E820_MAX 128

uint64_t ram_end(void)
{
	static struct fw_cfg_e820 map[E820_MAX];
	uint16_t selector;
	uint32_t size;
	CHECK(fwcfg_find("etc/e820", &selector, &size) && size <= sizeof(map));
	fwcfg_read(selector, map, size);
	for (size_t i = 0; i < size / sizeof(map[0]); i++) {
		if (map[i].type == E820_RAM && map[i].base <= memory_base().v &&
		    map[i].base + map[i].size > memory_pool().v) {
			return map[i].base + map[i].size;
		}
	}
	return memory_pool().v;
}
