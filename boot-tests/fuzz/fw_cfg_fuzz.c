// The fw_cfg client against a hostile device: any directory, and any answer to each DMA transfer.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: flags, the directory's count (16 bits), a byte of how many entries there are to serve,
// one byte an entry, then what the device does about each transfer. Entries are out of a few
// names, some of them no string. The model beside it says what a look-up must find.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "linker/memmap.h"
#include "shim/host/fw_cfg_read.h"
#include "shim/port.h"

/* Bits of the first byte. */
#define FLAG_NO_SIGNATURE 1
#define FLAG_NO_DMA 2
#define FLAG_HUGE_COUNT 4
#define FLAG_LONG 0xF8  /* all of these bits */
#define FLAG_HANGS 0x78 /* these of them: a transfer may never be done, which takes its time */
#define ENTRIES_MAX 200
#define LONG_MAX_ENTRIES 4096
#define SELECTOR 0x77

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char names[][FW_CFG_NAME_SIZE] = {
	"etc/table-loader", "etc/table-loade", "etc/table-loader2", "etc/acpi/rsdp", "", "x",
};

static struct {
	const uint8_t *answers; /* one byte a transfer; zeros follow */
	size_t answer_count;
	uint8_t *directory;
	uint32_t directory_size;
	uint8_t flags;
	uint16_t selector;
	uint32_t position;
	bool lied; /* some transfer was not done as it should */
	bool hung;
} host;

static uint8_t next_answer(void)
{
	if (host.answer_count == 0) {
		return 0;
	}
	host.answer_count--;
	return *host.answers++;
}

static uint8_t byte_of_item(void)
{
	static const uint8_t signature[] = "QEMU";
	uint32_t at = host.position++;
	switch (host.selector) {
	case FW_CFG_SIGNATURE:
		return at < 4 && (host.flags & FLAG_NO_SIGNATURE) == 0 ? signature[at] : 0;
	case FW_CFG_ID:
		return at == 0 ? FW_CFG_ID_TRADITIONAL |
					 ((host.flags & FLAG_NO_DMA) != 0 ? 0 : FW_CFG_ID_DMA) :
				 0;
	case FW_CFG_FILE_DIR:
		return at < host.directory_size ? host.directory[at] : 0;
	default:
		return (uint8_t)(at * 7 + 1);
	}
}

/* A directory may be long, and is read over and over: what it does not serve is zeros. */
static void copy_item(uint8_t *to, uint32_t length)
{
	if (host.selector != FW_CFG_FILE_DIR) {
		for (uint32_t i = 0; i < length; i++) {
			to[i] = byte_of_item();
		}
		return;
	}
	uint32_t at = host.position < host.directory_size ? host.position : host.directory_size;
	uint32_t known = host.directory_size - at < length ? host.directory_size - at : length;
	memset(to, 0, length);
	memcpy(to, host.directory + at, known);
	host.position += length;
}

/* Does what a device does, unless the input wants otherwise. */
static void transfer(uint64_t address)
{
	volatile struct fw_cfg_dma *dma = gpa_pointer(gpa(address));
	uint32_t control = __builtin_bswap32(dma->control);
	uint32_t length = __builtin_bswap32(dma->length);
	uint64_t to = __builtin_bswap64(dma->address);
	/* The shim gives away nothing but its bounce buffer. */
	CHECK(address >= BOUNCE && address <= BOUNCE + BOUNCE_SIZE - sizeof(*dma));
	CHECK((control & FW_CFG_DMA_WRITE) == 0);
	if ((control & FW_CFG_DMA_SELECT) != 0) {
		host.selector = (uint16_t)(control >> 16);
		host.position = 0;
	}
	if ((control & FW_CFG_DMA_READ) != 0) {
		CHECK(to >= BOUNCE && to < BOUNCE + BOUNCE_SIZE &&
		      length <= BOUNCE + BOUNCE_SIZE - to);
		copy_item(gpa_pointer(gpa(to)), length);
	} else {
		host.position += length;
	}
	uint8_t answer = next_answer();
	uint32_t left = 0;
	if (answer == 0xFF) {
		/* Never done. Once: it costs the whole bound. */
		bool hangs = !host.hung && (host.flags & FLAG_LONG) == FLAG_HANGS;
		left = hangs ? FW_CFG_DMA_READ : FW_CFG_DMA_ERROR;
		host.hung = host.lied = true;
	} else if (answer >= 0xC0) {
		left = (uint32_t)answer << 24 | FW_CFG_DMA_ERROR;
		host.lied = true;
	} else if (answer >= 0x80) {
		/* All that is shared is the host's to write. */
		memset(gpa_pointer(gpa(BOUNCE)), answer, 0x1000 + 4096);
		host.lied = true;
	}
	dma->control = __builtin_bswap32(left);
}

void port_out(uint16_t port, unsigned size, uint32_t value)
{
	switch (port) {
	case FW_CFG_PORT_SELECT:
		CHECK(size == 2);
		host.selector = (uint16_t)value;
		host.position = 0;
		break;
	default: /* the high half stays 0 */
		CHECK(port == FW_CFG_PORT_DMA_LOW && size == 4);
		transfer(__builtin_bswap32(value));
	}
}

uint32_t port_in(uint16_t port, unsigned size)
{
	if (port == FW_CFG_PORT_DMA_HIGH) {
		CHECK(size == 4);
		return (host.flags & (FLAG_NO_SIGNATURE | FLAG_NO_DMA)) == 0 ?
			       FW_CFG_SIGNATURE_VALUE :
			       UINT32_MAX;
	}
	CHECK(port == FW_CFG_PORT_DATA && size == 1);
	return byte_of_item();
}

static void make_directory(uint16_t count, const uint8_t *entries, uint8_t served)
{
	uint32_t huge = (host.flags & FLAG_HUGE_COUNT) != 0 ? 1u << 20 : 0;
	uint32_t wire = __builtin_bswap32(count | huge);
	host.directory_size = (uint32_t)(sizeof(wire) + served * sizeof(struct fw_cfg_file));
	host.directory = calloc(1, host.directory_size);
	CHECK(host.directory != NULL);
	memcpy(host.directory, &wire, sizeof(wire));
	for (unsigned i = 0; i < served; i++) {
		struct fw_cfg_file file = {
			.size = __builtin_bswap32(i * 3),
			.select = __builtin_bswap16((uint16_t)i),
		};
		memcpy(file.name, names[entries[i] % ARRAY_COUNT(names)], sizeof(file.name));
		if (entries[i] >= 0xF0) {
			memset(file.name, entries[i], sizeof(file.name)); /* no NUL */
		}
		memcpy(host.directory + sizeof(wire) + i * sizeof(file), &file, sizeof(file));
	}
}

static void check_find(const char *name, uint32_t count)
{
	struct fw_cfg_item item = { 0xAAAA, 0xBBBBBBBB };
	uint32_t matches = 0;
	uint32_t last = 0;
	uint32_t served = host.directory_size / (uint32_t)sizeof(struct fw_cfg_file);
	for (uint32_t i = 0; i < count && i < served; i++) {
		struct fw_cfg_file file;
		memcpy(&file, host.directory + 4 + i * sizeof(file), sizeof(file));
		if (strncmp(file.name, name, sizeof(file.name)) == 0) {
			matches++;
			last = i;
		}
	}
	/* What is counted and not served is zeros: files without a name. */
	matches += *name == 0 && count > served ? count - served : 0;
	enum status status = fw_cfg_file_find(name, &item);
	if (status != ST_OK) {
		CHECK(item.selector == 0xAAAA && item.size == 0xBBBBBBBB);
	}
	if (host.lied) {
		return;
	}
	CHECK(status == (matches == 0 ? ST_NOT_FOUND : matches == 1 ? ST_OK : ST_HOST_LIED));
	if (status == ST_OK && last < served && *name != 0) {
		CHECK(item.selector == last && item.size == last * 3);
	}
}

static void check_read(uint32_t offset, uint32_t size)
{
	uint8_t *copy = malloc(size + 1);
	CHECK(copy != NULL);
	enum status status = fw_cfg_read(SELECTOR, offset, copy, size);
	for (uint32_t i = 0; i < size && status == ST_OK && !host.lied; i++) {
		CHECK(copy[i] == (uint8_t)((offset + i) * 7 + 1));
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t count;
	low_memory_map(ACPI_ARENA);
	if (size < 4) {
		return 0;
	}
	memset(&host, 0, sizeof(host));
	host.flags = data[0];
	memcpy(&count, data + 1, sizeof(count));
	uint8_t served = data[3] % ENTRIES_MAX;
	if (size - 4 < served) {
		return 0;
	}
	/* Few directories are long, for their time; none by port, a byte at a time. */
	bool longer = (host.flags & (FLAG_LONG | FLAG_NO_DMA)) == FLAG_LONG;
	count = count % (longer ? LONG_MAX_ENTRIES : ENTRIES_MAX);
	make_directory(count, data + 4, served);
	host.answers = data + 4 + served;
	host.answer_count = size - 4 - served;
	enum status status = fw_cfg_init();
	if (!host.lied) {
		bool good = (host.flags & (FLAG_NO_SIGNATURE | FLAG_HUGE_COUNT)) == 0;
		CHECK((status == ST_OK) == good);
	}
	if (status == ST_OK) {
		for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
			check_find(names[i], count);
		}
		check_read(0, 16);
		check_read(5, 3000);
	} else {
		struct fw_cfg_item item;
		CHECK(fw_cfg_file_find(names[0], &item) == ST_NOT_FOUND);
	}
	free(host.directory);
	return 0;
}
