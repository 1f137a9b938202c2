// The fw_cfg client against a device of ports and DMA, honest and not.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/addr.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/shim/fake_files.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "boot-tests/unit/shim/refusals.h"
#include "linker/memmap.h"
#include "shim/host/fw_cfg_read.h"
#include "shim/port.h"

#define BIG_SELECTOR 0x40
#define BIG_SIZE (3 * BOUNCE_SIZE + 17)

/* The device. */
static struct {
	uint32_t id;
	uint16_t selector;
	uint32_t position;
	bool dma_tells; /* its address register reads as the signature */
	bool dma_fails;
	bool dma_hangs;
	unsigned dma_transfers;
	unsigned bytes_by_port;
} device;

#define FILES_MAX 0xFFFF
static uint8_t directory[4 + FILES_MAX * sizeof(struct fw_cfg_file)];
static uint8_t *big;

static void dma_start(uint64_t address)
{
	struct fw_cfg_dma *dma = gpa_pointer(gpa(address));
	uint32_t control = __builtin_bswap32(dma->control);
	uint32_t length = __builtin_bswap32(dma->length);
	uint64_t to = __builtin_bswap64(dma->address);
	device.dma_transfers++;
	if (device.dma_hangs) {
		return;
	}
	if (device.dma_fails) {
		dma->control = __builtin_bswap32(FW_CFG_DMA_ERROR);
		return;
	}
	if ((control & FW_CFG_DMA_SELECT) != 0) {
		device.selector = (uint16_t)(control >> 16);
		device.position = 0;
	}
	if ((control & FW_CFG_DMA_READ) != 0) {
		assert_within(to, BOUNCE + sizeof(*dma), BOUNCE + BOUNCE_SIZE - 1);
		assert_within(length, 1, BOUNCE + BOUNCE_SIZE - to);
		fake_files_read(device.selector, device.position, gpa_pointer(gpa(to)), length);
	} else {
		assert_true((control & FW_CFG_DMA_SKIP) != 0);
	}
	device.position += length;
	dma->control = 0;
}

void port_out(uint16_t port, unsigned size, uint32_t value)
{
	switch (port) {
	case 0x510:
		assert_int_equal(size, 2);
		device.selector = (uint16_t)value;
		device.position = 0;
		break;
	case 0x518: /* the high half stays 0 */
		assert_int_equal(size, 4);
		dma_start(__builtin_bswap32(value));
		break;
	default:
		fail_msg("port %x", port);
	}
}

uint32_t port_in(uint16_t port, unsigned size)
{
	uint8_t byte;
	if (port == 0x514) {
		assert_int_equal(size, 4);
		return device.dma_tells ? FW_CFG_SIGNATURE_VALUE : UINT32_MAX;
	}
	assert_int_equal(port, 0x511);
	assert_int_equal(size, 1);
	fake_files_read(device.selector, device.position++, &byte, 1);
	device.bytes_by_port++;
	return byte;
}

static void put_entry(unsigned index, const char *name, uint16_t selector, uint32_t size)
{
	struct fw_cfg_file file = { __builtin_bswap32(size), __builtin_bswap16(selector), 0, "" };
	memcpy(file.name, name, strlen(name) + 1);
	memcpy(directory + 4 + index * sizeof(file), &file, sizeof(file));
	const uint32_t count = __builtin_bswap32(index + 1);
	memcpy(directory, &count, sizeof(count));
}

static int setup(void **state)
{
	(void)state;
	low_memory_map(ACPI_ARENA);
	memset(&device, 0, sizeof(device));
	device.id = FW_CFG_ID_TRADITIONAL | FW_CFG_ID_DMA;
	device.dma_tells = true;
	memset(directory, 'x', sizeof(directory));
	put_entry(0, "etc/acpi/tables", 0x22, 0x20000);
	put_entry(1, "etc/acpi", 0x123, 0x01020304);
	big = malloc(BIG_SIZE);
	assert_non_null(big);
	for (unsigned i = 0; i < BIG_SIZE; i++) {
		big[i] = (uint8_t)(i * 2654435761u >> 24);
	}
	fake_files_reset();
	fake_files_add(NULL, FW_CFG_SIGNATURE, "QEMU", 4);
	fake_files_add(NULL, FW_CFG_ID, &device.id, 4);
	fake_files_add(NULL, FW_CFG_FILE_DIR, directory, sizeof(directory));
	fake_files_add(NULL, BIG_SELECTOR, big, BIG_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(big);
	return 0;
}

static void absent(void **state)
{
	uint32_t value = 5;
	(void)state;
	fake_files_reset();
	device.dma_tells = false;
	assert_refusal(fw_cfg_init(), ST_NOT_FOUND, "fw_cfg: signature 0x0, id 0x0");
	assert_int_equal(fw_cfg_read_u32(FW_CFG_KERNEL_SIZE, &value), ST_NOT_FOUND);
	assert_int_equal(value, 5);
	/* Nobody asks a device that is not there. */
	struct fw_cfg_item item;
	device.bytes_by_port = 0;
	device.selector = 0x7777;
	assert_int_equal(fw_cfg_file_find("etc/acpi", &item), ST_NOT_FOUND);
	assert_int_equal(device.selector, 0x7777);
	/* The signature alone is not enough. */
	fake_files_add(NULL, FW_CFG_SIGNATURE, "QEMU", 4);
	assert_refusal(fw_cfg_init(), ST_NOT_FOUND, "fw_cfg: signature 0x554d4551, id 0x0");
}

static void files_are_found_by_whole_name(void **state)
{
	struct fw_cfg_item item = { 7, 7 };
	char long_name[80];
	(void)state;
	assert_int_equal(fw_cfg_init(), ST_OK);
	assert_int_equal(fw_cfg_file_find("etc/acpi/tables", &item), ST_OK);
	assert_int_equal(item.selector, 0x22);
	assert_int_equal(item.size, 0x20000);
	assert_int_equal(fw_cfg_file_find("etc/acpi", &item), ST_OK);
	assert_int_equal(item.selector, 0x123);
	assert_int_equal(item.size, 0x01020304);
	item.size = 7;
	assert_int_equal(fw_cfg_file_find("etc/acpi/table", &item), ST_NOT_FOUND);
	assert_int_equal(fw_cfg_file_find("etc/acpi/tables2", &item), ST_NOT_FOUND);
	memset(long_name, 'x', sizeof(long_name));
	long_name[79] = 0;
	assert_int_equal(fw_cfg_file_find(long_name, &item), ST_NOT_FOUND);
	assert_int_equal(item.size, 7);
}

static void directory_is_bounded(void **state)
{
	struct fw_cfg_item item = { 7, 7 };
	(void)state;
	put_entry(FILES_MAX - 1, "last", 0x1234, 1);
	assert_int_equal(fw_cfg_init(), ST_OK);
	assert_int_equal(fw_cfg_file_find("last", &item), ST_OK);
	assert_int_equal(item.selector, 0x1234);
	assert_int_equal(fw_cfg_file_find("etc/acpi", &item), ST_OK);
	assert_int_equal(item.selector, 0x123);
	directory[1]++;
	assert_refusal(fw_cfg_init(), ST_NO_SPACE, "fw_cfg: 131071 files, at most 65535");
	directory[0] = 0xFF;
	assert_refusal(fw_cfg_init(), ST_NO_SPACE, "fw_cfg: 4278321151 files, at most 65535");
	assert_int_equal(fw_cfg_file_find("last", &item), ST_NOT_FOUND);
}

/* The last file of one part, the first of the next one, none at all; by DMA and by port. */
static void directory_in_parts(void **state)
{
	struct fw_cfg_item item = { 7, 7 };
	(void)state;
	for (unsigned by_port = 0; by_port < 2; by_port++) {
		device.id = FW_CFG_ID_TRADITIONAL | (by_port != 0 ? 0 : FW_CFG_ID_DMA);
		device.dma_tells = by_port == 0;
		for (unsigned last = 62; last <= 65; last++) {
			memset(directory, 'x', 70 * sizeof(struct fw_cfg_file));
			put_entry(last + 1, "behind", 3, 3);
			put_entry(last, "last", (uint16_t)last, last);
			assert_int_equal(fw_cfg_init(), ST_OK);
			assert_int_equal(fw_cfg_file_find("last", &item), ST_OK);
			assert_int_equal(item.selector, last);
			assert_int_equal(item.size, last);
			assert_int_equal(fw_cfg_file_find("behind", &item), ST_NOT_FOUND);
			/* A part before is not searched twice. */
			put_entry(0, "first", 1, 1);
			put_entry(last + 1, "behind", 3, 3);
			assert_int_equal(fw_cfg_init(), ST_OK);
			assert_int_equal(fw_cfg_file_find("first", &item), ST_OK);
			assert_int_equal(item.selector, 1);
		}
	}
	memset(directory, 0, 4);
	assert_int_equal(fw_cfg_init(), ST_OK);
	assert_int_equal(fw_cfg_file_find("last", &item), ST_NOT_FOUND);
}

static void a_name_twice_is_none(void **state)
{
	struct fw_cfg_item item = { 7, 7 };
	(void)state;
	put_entry(200, "etc/acpi", 0x124, 1);
	assert_int_equal(fw_cfg_init(), ST_OK);
	assert_refusal(fw_cfg_file_find("etc/acpi", &item), ST_HOST_LIED,
		       "fw_cfg: 2 files \"etc/acpi\"");
	assert_int_equal(item.selector, 7);
	assert_int_equal(fw_cfg_file_find("etc/acpi/tables", &item), ST_OK);
	/* A look-up that fails on its way finds nothing. */
	device.dma_fails = true;
	assert_refusal(fw_cfg_file_find("etc/acpi/tables", &item), ST_HOST_REFUSED,
		       "fw_cfg DMA of 0x19000a: 0x1");
}

/* A directory of one part is read when the device is found, and no more. */
static void a_short_directory_is_kept(void **state)
{
	struct fw_cfg_item item;
	(void)state;
	put_entry(63, "last", 0x1234, 1);
	assert_int_equal(fw_cfg_init(), ST_OK);
	assert_int_equal(device.dma_transfers, 1);
	put_entry(0, "etc/other", 0x22, 1);
	assert_int_equal(fw_cfg_file_find("etc/acpi/tables", &item), ST_OK);
	assert_int_equal(fw_cfg_file_find("last", &item), ST_OK);
	assert_int_equal(fw_cfg_file_find("etc/other", &item), ST_NOT_FOUND);
	assert_int_equal(device.dma_transfers, 1);
	/* One entry more: each part is read anew, but for the one that was read last. */
	put_entry(64, "more", 0x1235, 1);
	assert_int_equal(fw_cfg_init(), ST_OK);
	assert_int_equal(fw_cfg_file_find("etc/other", &item), ST_OK);
	assert_int_equal(device.dma_transfers, 1 + 1 + 2);
	put_entry(0, "etc/acpi/tables", 0x22, 0x20000);
	put_entry(64, "more", 0x1235, 1);
	assert_int_equal(fw_cfg_file_find("etc/other", &item), ST_NOT_FOUND);
}

static void forgotten(void **state)
{
	struct fw_cfg_item item;
	uint32_t value = 5;
	(void)state;
	assert_int_equal(fw_cfg_init(), ST_OK);
	fw_cfg_forget();
	assert_int_equal(fw_cfg_file_find("etc/acpi/tables", &item), ST_NOT_FOUND);
	assert_int_equal(fw_cfg_read_u32(BIG_SELECTOR, &value), ST_NOT_FOUND);
	assert_int_equal(value, 5);
}

static void check_reads(void)
{
	uint8_t *copy = malloc(BIG_SIZE + 1);
	assert_non_null(copy);
	copy[BIG_SIZE] = 0xA5;
	assert_int_equal(fw_cfg_read(BIG_SELECTOR, 0, copy, BIG_SIZE), ST_OK);
	assert_memory_equal(copy, big, BIG_SIZE);
	assert_int_equal(copy[BIG_SIZE], 0xA5);
	assert_int_equal(fw_cfg_read(BIG_SELECTOR, 1001, copy, 7), ST_OK);
	assert_memory_equal(copy, big + 1001, 7);
	/* After the end: zeros. */
	assert_int_equal(fw_cfg_read(BIG_SELECTOR, BIG_SIZE - 1, copy, 3), ST_OK);
	assert_int_equal(copy[0], big[BIG_SIZE - 1]);
	assert_int_equal(copy[1], 0);
	assert_int_equal(copy[2], 0);
	assert_int_equal(fw_cfg_read(BIG_SELECTOR, 0, copy, 0), ST_OK);
	free(copy);
}

static void reads_by_dma(void **state)
{
	(void)state;
	assert_int_equal(fw_cfg_init(), ST_OK);
	device.bytes_by_port = 0;
	device.dma_transfers = 0;
	check_reads();
	assert_int_equal(device.bytes_by_port, 0);
	/* 4 buffers, with the selection; then two that begin inside the item; and nothing. */
	assert_int_equal(device.dma_transfers, 4 + 2 + 2);
}

/* A host whose DMA register does not tell, but the item of what it has. */
static void dma_by_its_id(void **state)
{
	(void)state;
	device.dma_tells = false;
	assert_int_equal(fw_cfg_init(), ST_OK);
	assert_int_equal(device.bytes_by_port, 8);
	assert_int_equal(device.dma_transfers, 1);
	check_reads();
	assert_int_equal(device.bytes_by_port, 8);
}

static void reads_by_port(void **state)
{
	(void)state;
	device.id = FW_CFG_ID_TRADITIONAL;
	device.dma_tells = false;
	assert_int_equal(fw_cfg_init(), ST_OK);
	check_reads();
	assert_int_equal(device.dma_transfers, 0);
}

static void dma_that_fails(void **state)
{
	uint32_t value = 5;
	(void)state;
	assert_int_equal(fw_cfg_init(), ST_OK);
	device.dma_fails = true;
	assert_refusal(fw_cfg_read_u32(BIG_SELECTOR, &value), ST_HOST_REFUSED,
		       "fw_cfg DMA of 0x40000a: 0x1");
	device.dma_fails = false;
	device.dma_hangs = true;
	assert_refusal(fw_cfg_read_u32(BIG_SELECTOR, &value), ST_TIMEOUT,
		       "fw_cfg DMA of 0x40000a: 0x40000a, not done");
	assert_int_equal(value, 5);
	/* A device that fails at the start is as good as none. */
	assert_refusal(fw_cfg_init(), ST_TIMEOUT, "fw_cfg DMA of 0x19000a: 0x19000a, not done");
	assert_int_equal(fw_cfg_read_u32(BIG_SELECTOR, &value), ST_NOT_FOUND);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(absent),
		CASE(files_are_found_by_whole_name),
		CASE(directory_is_bounded),
		CASE(directory_in_parts),
		CASE(a_name_twice_is_none),
		CASE(a_short_directory_is_kept),
		CASE(forgotten),
		CASE(reads_by_dma),
		CASE(dma_by_its_id),
		CASE(reads_by_port),
		CASE(dma_that_fails),
	};
	return cmocka_run_group_tests_name("fw_cfg", tests, NULL, NULL);
}
