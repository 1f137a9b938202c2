// Client of QEMU's fw_cfg device: DMA through the bounce buffer, else the byte port.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The bounce buffer is shared with the host of a TD: the descriptor in it is only ever written, but
// for one load of its control word per poll, and data is copied out of it exactly once.
#include "shim/fw_cfg.h"

#include <stdbool.h>

#include "arch/base/addr.h"
#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "linker/memmap.h"
#include "shim/port.h"
#include "shim/refusal.h"

/* QEMU's own limit is 32 files unless a user asks for more. */
#define DIRECTORY_MAX 64

#define BOUNCE_DATA (BOUNCE + MEM_PAGE_SIZE)
#define BOUNCE_DATA_SIZE (BOUNCE_SIZE - MEM_PAGE_SIZE)

/* QEMU is done before the port write returns; this is for hosts that are not. */
#define DMA_POLLS 10000000

static struct {
	bool present;
	bool dma;
	unsigned file_count;
	struct fw_cfg_file files[DIRECTORY_MAX];
} device;

/* One transfer. control: FW_CFG_DMA_*, and the selector if it selects. */
static enum status dma_transfer(uint32_t control, uint64_t address, uint32_t length)
{
	volatile struct fw_cfg_dma *dma = gpa_pointer(gpa(BOUNCE));
	dma->control = __builtin_bswap32(control);
	dma->length = __builtin_bswap32(length);
	dma->address = __builtin_bswap64(address);
	port_out(FW_CFG_PORT_DMA_HIGH, 4, 0);
	port_out(FW_CFG_PORT_DMA_LOW, 4, __builtin_bswap32(BOUNCE));
	for (unsigned poll = 0; poll < DMA_POLLS; poll++) {
		uint32_t left = __builtin_bswap32(dma->control);
		if (left == 0) {
			return ST_OK;
		}
		if ((left & FW_CFG_DMA_ERROR) != 0) {
			return refuse(ST_HOST_REFUSED, "fw_cfg DMA of 0x%x: 0x%x", control, left);
		}
	}
	return refuse(ST_TIMEOUT, "fw_cfg DMA of 0x%x: not done", control);
}

static enum status read_by_dma(uint16_t selector, uint32_t offset, uint8_t *to, uint32_t size)
{
	/* Selecting resets the item's read offset; each transfer then goes on from it. */
	TRY(dma_transfer((uint32_t)selector << 16 | FW_CFG_DMA_SELECT | FW_CFG_DMA_SKIP, 0,
			 offset));
	while (size > 0) {
		uint32_t chunk = size < BOUNCE_DATA_SIZE ? size : BOUNCE_DATA_SIZE;
		TRY(dma_transfer(FW_CFG_DMA_READ, BOUNCE_DATA, chunk));
		memcpy(to, gpa_pointer(gpa(BOUNCE_DATA)), chunk);
		to += chunk;
		size -= chunk;
	}
	return ST_OK;
}

static void read_by_port(uint16_t selector, uint32_t offset, uint8_t *to, uint32_t size)
{
	port_out(FW_CFG_PORT_SELECT, 2, selector);
	for (uint32_t i = 0; i < offset; i++) {
		(void)port_in(FW_CFG_PORT_DATA, 1);
	}
	for (uint32_t i = 0; i < size; i++) {
		to[i] = (uint8_t)port_in(FW_CFG_PORT_DATA, 1);
	}
}

enum status fw_cfg_read(uint16_t selector, uint32_t offset, void *to, uint32_t size)
{
	if (!device.present) {
		return ST_NOT_FOUND;
	}
	if (device.dma) {
		return read_by_dma(selector, offset, to, size);
	}
	read_by_port(selector, offset, to, size);
	return ST_OK;
}

enum status fw_cfg_read_u32(uint16_t selector, uint32_t *out)
{
	return fw_cfg_read(selector, 0, out, sizeof(*out));
}

enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out)
{
	size_t size = strlen(name) + 1;
	if (size > FW_CFG_NAME_SIZE) {
		return ST_NOT_FOUND;
	}
	for (unsigned i = 0; i < device.file_count; i++) {
		const struct fw_cfg_file *file = &device.files[i];
		if (memcmp(file->name, name, size) == 0) {
			*out = (struct fw_cfg_item){
				.selector = __builtin_bswap16(file->select),
				.size = __builtin_bswap32(file->size),
			};
			return ST_OK;
		}
	}
	return ST_NOT_FOUND;
}

static enum status read_directory(void)
{
	uint32_t count;
	TRY(fw_cfg_read_u32(FW_CFG_FILE_DIR, &count));
	count = __builtin_bswap32(count);
	if (count > DIRECTORY_MAX) {
		return refuse(ST_NO_SPACE, "fw_cfg: %u files, at most %u", count, DIRECTORY_MAX);
	}
	TRY(fw_cfg_read(FW_CFG_FILE_DIR, sizeof(count), device.files,
			count * (uint32_t)sizeof(device.files[0])));
	device.file_count = count;
	return ST_OK;
}

enum status fw_cfg_init(void)
{
	uint32_t signature;
	uint32_t id;
	device.present = false;
	device.file_count = 0;
	read_by_port(FW_CFG_SIGNATURE, 0, (uint8_t *)&signature, sizeof(signature));
	read_by_port(FW_CFG_ID, 0, (uint8_t *)&id, sizeof(id));
	if (signature != FW_CFG_SIGNATURE_VALUE || (id & FW_CFG_ID_TRADITIONAL) == 0) {
		return refuse(ST_NOT_FOUND, "fw_cfg: signature 0x%x, id 0x%x", signature, id);
	}
	device.dma = (id & FW_CFG_ID_DMA) != 0;
	device.present = true;
	enum status status = read_directory();
	device.present = status == ST_OK;
	return status;
}
