// Client of QEMU's fw_cfg device: DMA through the bounce buffer, else the byte port.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The bounce buffer is shared with the host of a TD: the descriptor in it is only ever written, but
// for one load of its control word per poll, and data is copied out of it exactly once.
#include "shim/host/fw_cfg_read.h"

#include <stdbool.h>

#include "arch/base/addr.h"
#include "arch/base/mem.h"
#include "linker/memmap.h"
#include "shim/port.h"
#include "shim/refusal.h"

/* A selector has 16 bits: no directory names more items. */
#define DIRECTORY_MAX 0xFFFF
/* Entries of it that are kept: all of a QEMU without many files of the user's. */
#define DIRECTORY_PART 64

#define BOUNCE_DATA (BOUNCE + MEM_PAGE_SIZE)
#define BOUNCE_DATA_SIZE (BOUNCE_SIZE - MEM_PAGE_SIZE)

/* QEMU is done before the port write returns; this is for hosts that are not. */
#define DMA_POLLS 10000000

static struct {
	bool present;
	bool dma;
	uint32_t file_count;
	uint32_t first; /* the number in the directory of part.files[0] */
	struct {
		uint32_t before; /* the four bytes before it: of the first part the count */
		struct fw_cfg_file files[DIRECTORY_PART];
	} part;
} device;

/* One transfer. control: FW_CFG_DMA_*, and the selector if it selects. */
static enum status dma_transfer(uint32_t control, uint64_t address, uint32_t length)
{
	volatile struct fw_cfg_dma *dma = gpa_pointer(gpa(BOUNCE));
	dma->control = __builtin_bswap32(control);
	dma->length = __builtin_bswap32(length);
	dma->address = __builtin_bswap64(address);
	/* The high half is 0 after reset and after each transfer. [QEMU hw/nvram/fw_cfg.c] */
	port_out(FW_CFG_PORT_DMA_LOW, 4, __builtin_bswap32(BOUNCE));
	uint32_t left = 0;
	for (unsigned poll = 0; poll < DMA_POLLS; poll++) {
		left = __builtin_bswap32(dma->control);
		if (left == 0) {
			return ST_OK;
		}
		if ((left & FW_CFG_DMA_ERROR) != 0) {
			return refuse(ST_HOST_REFUSED, "fw_cfg DMA of 0x%x: 0x%x", control, left);
		}
	}
	return refuse(ST_TIMEOUT, "fw_cfg DMA of 0x%x: 0x%x, not done", control, left);
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

/* A transfer that selects starts at the item's first byte, the next one where that has ended. */
static enum status read_by_dma(uint16_t selector, uint32_t offset, uint8_t *to, uint32_t size)
{
	uint32_t select = (uint32_t)selector << 16 | FW_CFG_DMA_SELECT;
	if (offset != 0) {
		TRY(dma_transfer(select | FW_CFG_DMA_SKIP, 0, offset));
		select = 0;
	}
	while (size > 0) {
		uint32_t chunk = size < BOUNCE_DATA_SIZE ? size : BOUNCE_DATA_SIZE;
		TRY(dma_transfer(select | FW_CFG_DMA_READ, BOUNCE_DATA, chunk));
		memcpy(to, gpa_pointer(gpa(BOUNCE_DATA)), chunk);
		select = 0;
		to += chunk;
		size -= chunk;
	}
	return ST_OK;
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

/* Keeps the part of the directory that begins with this entry. */
static enum status read_part(uint32_t first)
{
	TRY(fw_cfg_read(FW_CFG_FILE_DIR, first * (uint32_t)sizeof(device.part.files[0]),
			&device.part, sizeof(device.part)));
	device.first = first;
	return ST_OK;
}

/* In the part that is kept; *matches counts the files of that name. */
static void search(const char *name, size_t name_size, struct fw_cfg_item *found, uint32_t *matches)
{
	uint32_t count = device.file_count - device.first;
	for (uint32_t i = 0; i < count && i < DIRECTORY_PART; i++) {
		const struct fw_cfg_file *file = &device.part.files[i];
		if (memcmp(file->name, name, name_size) == 0) {
			*found = (struct fw_cfg_item){
				.selector = __builtin_bswap16(file->select),
				.size = __builtin_bswap32(file->size),
			};
			*matches += 1;
		}
	}
}

enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out)
{
	size_t name_size = strlen(name) + 1;
	struct fw_cfg_item found = { 0, 0 };
	uint32_t matches = 0;
	if (!device.present || name_size > FW_CFG_NAME_SIZE) {
		return ST_NOT_FOUND;
	}
	for (uint32_t first = 0; first < device.file_count; first += DIRECTORY_PART) {
		if (device.first != first) {
			TRY(read_part(first));
		}
		search(name, name_size, &found, &matches);
	}
	if (matches > 1) {
		return refuse(ST_HOST_LIED, "fw_cfg: %u files \"%s\"", matches, name);
	}
	if (matches == 0) {
		return ST_NOT_FOUND;
	}
	*out = found;
	return ST_OK;
}

static enum status count_files(void)
{
	TRY(read_part(0));
	uint32_t count = __builtin_bswap32(device.part.before);
	if (count > DIRECTORY_MAX) {
		return refuse(ST_NO_SPACE, "fw_cfg: %u files, at most %u", count, DIRECTORY_MAX);
	}
	device.file_count = count;
	return ST_OK;
}

void fw_cfg_forget(void)
{
	memset(&device, 0, sizeof(device));
}

/* By one read of the address register of DMA, which says what the signature's item does; of a host
 * where it does not, by that item. */
static enum status find_device(void)
{
	uint32_t signature = port_in(FW_CFG_PORT_DMA_HIGH, 4);
	uint32_t id = FW_CFG_ID_TRADITIONAL | FW_CFG_ID_DMA;
	if (signature != FW_CFG_SIGNATURE_VALUE) {
		read_by_port(FW_CFG_SIGNATURE, 0, (uint8_t *)&signature, sizeof(signature));
		read_by_port(FW_CFG_ID, 0, (uint8_t *)&id, sizeof(id));
	}
	if (signature != FW_CFG_SIGNATURE_VALUE || (id & FW_CFG_ID_TRADITIONAL) == 0) {
		return refuse(ST_NOT_FOUND, "fw_cfg: signature 0x%x, id 0x%x", signature, id);
	}
	device.dma = (id & FW_CFG_ID_DMA) != 0;
	return ST_OK;
}

enum status fw_cfg_init(void)
{
	fw_cfg_forget();
	TRY(find_device());
	device.present = true;
	enum status status = count_files();
	device.present = status == ST_OK;
	return status;
}
