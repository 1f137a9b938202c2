// Chipset set-up and the memory map of a plain VM, against faked PCI configuration and CMOS.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/shim/fake_files.h"
#include "boot-tests/unit/shim/refusals.h"
#include "linker/memmap.h"
#include "shim/host/q35.h"
#include "shim/port.h"

#define FUNCTION(device, function) ((device) << 3 | (function))

/* Bus 0, 256 bytes each. */
static uint32_t pci[256][64];
static uint32_t pci_address;
static unsigned pci_writes;
static uint8_t cmos[128];
static uint8_t cmos_index;

void port_out(uint16_t port, unsigned size, uint32_t value)
{
	switch (port) {
	case 0xCF8:
		assert_int_equal(size, 4);
		assert_int_equal(value & 0x80FF0003, 0x80000000);
		pci_address = value;
		break;
	case 0xCFC:
		assert_int_equal(size, 4);
		pci[pci_address >> 8 & 0xFF][(pci_address & 0xFF) / 4] = value;
		pci_writes++;
		break;
	case 0x70:
		assert_int_equal(size, 1);
		cmos_index = (uint8_t)value;
		break;
	default:
		fail_msg("port %x", port);
	}
}

uint32_t port_in(uint16_t port, unsigned size)
{
	if (port == 0x71) {
		assert_int_equal(size, 1);
		return cmos[cmos_index];
	}
	assert_int_equal(port, 0xCFC);
	assert_int_equal(size, 4);
	return pci[pci_address >> 8 & 0xFF][(pci_address & 0xFF) / 4];
}

static enum status find_status;

enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out)
{
	return find_status == ST_OK ? fake_files_find(name, out) : find_status;
}

enum status fw_cfg_read(uint16_t selector, uint32_t offset, void *to, uint32_t size)
{
	fake_files_read(selector, offset, to, size);
	return ST_OK;
}

static int setup(void **state)
{
	(void)state;
	memset(pci, 0xFF, sizeof(pci));
	pci_writes = 0;
	memset(cmos, 0, sizeof(cmos));
	fake_files_reset();
	return 0;
}

static void q35(void **state)
{
	uint32_t *host = pci[FUNCTION(0, 0)];
	uint32_t *lpc = pci[FUNCTION(31, 0)];
	(void)state;
	host[0] = 0x29C08086;
	assert_refusal(platform_init(), ST_UNSUPPORTED, "chipset: PCI 0:31.0 is 0xffffffff");
	lpc[0] = 0x29188086;
	lpc[0x40 / 4] = 1;
	lpc[0x44 / 4] = 0x01020300;
	host[0x60 / 4] = 0;
	host[0x64 / 4] = 5;
	assert_int_equal(platform_init(), ST_OK);
	assert_int_equal(lpc[0x40 / 4], 0x601);
	assert_int_equal(lpc[0x44 / 4], 0x01020380);
	assert_int_equal(host[0x60 / 4], 0xB0000005);
	assert_int_equal(host[0x64 / 4], 0);
	/* Other firmware's work is left alone. */
	lpc[0x40 / 4] = 0x1801;
	host[0x60 / 4] = 0xE0000001;
	pci_writes = 0;
	assert_int_equal(platform_init(), ST_OK);
	assert_int_equal(pci_writes, 0);
}

static void i440fx(void **state)
{
	uint32_t *pm = pci[FUNCTION(1, 3)];
	(void)state;
	pci[FUNCTION(0, 0)][0] = 0x12378086;
	assert_refusal(platform_init(), ST_UNSUPPORTED, "chipset: PCI 0:1.3 is 0xffffffff");
	pm[0] = 0x71138086;
	pm[0x40 / 4] = 1;
	pm[0x80 / 4] = 0x90000000;
	assert_int_equal(platform_init(), ST_OK);
	assert_int_equal(pm[0x40 / 4], 0x601);
	assert_int_equal(pm[0x80 / 4], 0x90000001);
	pci_writes = 0;
	assert_int_equal(platform_init(), ST_OK);
	assert_int_equal(pci_writes, 0);
}

static void unknown_chipset(void **state)
{
	(void)state;
	assert_refusal(platform_init(), ST_UNSUPPORTED, "chipset: PCI 0:0.0 is 0xffffffff");
	assert_int_equal(pci_writes, 0);
}

static void assert_entry(const struct memory_map *map, unsigned index, uint64_t base, uint64_t end,
			 enum memory_kind kind)
{
	assert_within(index, 0, map->count - 1);
	assert_int_equal(map->entries[index].range.base.v, base);
	assert_int_equal(gpa_range_end(map->entries[index].range), end);
	assert_int_equal(map->entries[index].kind, kind);
}

static void memory_of_fw_cfg(void **state)
{
	/* Unsorted and unaligned. */
	static const struct fw_cfg_e820 entries[] = {
		{ FOUR_GIB, 0x40000000, 1 },
		{ 0xFEFFC800, 0x3000, 2 },
		{ 0, 0x7FFDF800, 1 },
		{ 0x90000000, 0, 2 },
	};
	struct memory_map map;
	(void)state;
	fake_files_add("etc/e820", 0x30, entries, sizeof(entries));
	assert_int_equal(platform_memory(&map), ST_OK);
	assert_int_equal(map.count, 5);
	assert_entry(&map, 0, 0, 0xA0000, MEMORY_ACCEPTED);
	assert_entry(&map, 1, 0xA0000, 0x100000, MEMORY_RESERVED);
	assert_entry(&map, 2, 0x100000, 0x7FFDF000, MEMORY_ACCEPTED);
	assert_entry(&map, 3, 0xFEFFC000, 0xFF000000, MEMORY_RESERVED);
	assert_entry(&map, 4, FOUR_GIB, FOUR_GIB + 0x40000000, MEMORY_ACCEPTED);
}

static enum status memory_of(const struct fw_cfg_e820 *entries, uint32_t size)
{
	struct memory_map map;
	fake_files_reset();
	fake_files_add("etc/e820", 0x30, entries, size);
	return platform_memory(&map);
}

static void bad_fw_cfg_memory(void **state)
{
	static const struct fw_cfg_e820 overlap[] = { { 0, 0x2001000, 1 },
						      { 0x2000000, 0x1000, 1 } };
	static const struct fw_cfg_e820 wraps[] = { { UINT64_MAX - 0xFFF, 0x2000, 1 } };
	static const struct fw_cfg_e820 top[] = { { UINT64_MAX - 0xFFF, 0xFFF, 2 } };
	static const struct fw_cfg_e820 many[49];
	(void)state;
	assert_refusal(memory_of(overlap, sizeof(overlap)), ST_BAD_RANGE,
		       "platform memory: 0x2000000 to 0x2001000");
	assert_refusal(memory_of(wraps, sizeof(wraps)), ST_BAD_RANGE,
		       "etc/e820: 0xfffffffffffff000, size 0x2000");
	assert_refusal(memory_of(top, sizeof(top)), ST_BAD_RANGE,
		       "etc/e820: 0xfffffffffffff000, size 0xfff");
	assert_int_equal(memory_of(many, 48 * 20), ST_OK);
	assert_refusal(memory_of(many, 49 * 20), ST_NO_SPACE, "etc/e820: 49 entries, at most 48");
	assert_refusal(memory_of(many, 0), ST_BAD_FORMAT, "etc/e820: 0 bytes");
	assert_refusal(memory_of(many, 21), ST_BAD_FORMAT, "etc/e820: 21 bytes");
}

/* A look-up that fails is no missing file. */
static void no_answer_is_no_memory(void **state)
{
	struct memory_map map;
	(void)state;
	find_status = ST_TIMEOUT;
	enum status status = platform_memory(&map);
	find_status = ST_OK;
	assert_int_equal(status, ST_TIMEOUT);
}

static void memory_of_cmos(void **state)
{
	struct memory_map map;
	(void)state;
	cmos[0x34] = 0x00;
	cmos[0x35] = 0x3F; /* 1 GiB - 16 MiB */
	assert_int_equal(platform_memory(&map), ST_OK);
	assert_int_equal(map.count, 3);
	assert_entry(&map, 2, 0x100000, 0x40000000, MEMORY_ACCEPTED);
	cmos[0x5C] = 0x40; /* 1 GiB */
	assert_int_equal(platform_memory(&map), ST_OK);
	assert_int_equal(map.count, 4);
	assert_entry(&map, 3, FOUR_GIB, FOUR_GIB + 0x40000000, MEMORY_ACCEPTED);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(q35),
		CASE(i440fx),
		CASE(unknown_chipset),
		CASE(memory_of_fw_cfg),
		CASE(bad_fw_cfg_memory),
		CASE(no_answer_is_no_memory),
		CASE(memory_of_cmos),
	};
	return cmocka_run_group_tests_name("platform", tests, NULL, NULL);
}
