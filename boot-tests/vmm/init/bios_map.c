// What QEMU's machine is to the TDX module: convertible memory, key ids, processors.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/bios_map.h"

#include "arch/base/check.h"
#include "arch/linux/boot_params.h"
#include "arch/qemu/fw_cfg.h"
#include "boot-tests/machine/fw_cfg_dma.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"

#define E820_MAX 128

static uint64_t partitioning_of(unsigned keyid_bits)
{
	unsigned bits = keyid_bits < MODULE_KEYID_BITS ? keyid_bits : MODULE_KEYID_BITS;
	uint64_t half = BIT64(bits) / 2;
	return field_put(MKTME_KEYIDS, half - 1) | field_put(TDX_KEYIDS, half);
}

struct module_platform platform_make(unsigned keyid_bits)
{
	struct module_platform platform = {
		.tsc_khz = time_tsc_khz(),
		.keyid_bits = keyid_bits,
		.keyid_partitioning = partitioning_of(keyid_bits),
		.cpu_count = cpu_count(),
		.package_count = 1,
	};
	struct fw_cfg_e820 map[E820_MAX];
	uint16_t selector;
	uint32_t size;
	CHECK(fwcfg_find("etc/e820", &selector, &size) && size <= sizeof(map));
	fwcfg_read(selector, map, size);
	unsigned count = 0;
	uint64_t last = 0;
	for (unsigned i = 0; i < size / sizeof(map[0]); i++) {
		if (map[i].type == E820_RAM) {
			CHECK(count < TDX_MAX_CMRS && map[i].base >= last);
			platform.cmrs[count++] = (struct cmr_info){ map[i].base, map[i].size };
			last = map[i].base + map[i].size;
		}
	}
	return platform;
}
