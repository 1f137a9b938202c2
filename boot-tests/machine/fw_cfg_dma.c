// fw_cfg by DMA.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/fw_cfg_dma.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/qemu/fw_cfg.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/memory.h"

/* DMA is done when the write that starts it returns. Runs before other CPUs do. */
static void fw_cfg_dma_transfer(uint32_t control, void *to, uint32_t size)
{
	static volatile struct fw_cfg_dma dma;
	dma.control = __builtin_bswap32(control);
	dma.length = __builtin_bswap32(size);
	dma.address = __builtin_bswap64(ptr_hpa(to).v);
	uint64_t address = ptr_hpa((const void *)&dma).v;
	insn_out32(FW_CFG_PORT_DMA_HIGH, __builtin_bswap32((uint32_t)(address >> 32)));
	insn_out32(FW_CFG_PORT_DMA_LOW, __builtin_bswap32((uint32_t)address));
	CHECK(dma.control == 0);
}

void fwcfg_read(uint16_t selector, void *to, uint32_t size)
{
	fw_cfg_dma_transfer((uint32_t)selector << 16 | FW_CFG_DMA_SELECT | FW_CFG_DMA_READ, to,
			    size);
}

bool fwcfg_find(const char *name, uint16_t *selector, uint32_t *size)
{
	uint32_t count;
	fwcfg_read(FW_CFG_FILE_DIR, &count, sizeof(count));
	for (uint32_t i = __builtin_bswap32(count); i > 0; i--) {
		struct fw_cfg_file file;
		/* Goes on after what was read before. */
		fw_cfg_dma_transfer(FW_CFG_DMA_READ, &file, sizeof(file));
		size_t length = strlen(name);
		if (length < sizeof(file.name) && memcmp(file.name, name, length + 1) == 0) {
			*selector = __builtin_bswap16(file.select);
			*size = __builtin_bswap32(file.size);
			return true;
		}
	}
	return false;
}
