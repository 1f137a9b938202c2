// Tests of what a host script changes of fw_cfg: which bytes of which read, and how.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/script/script_fw_cfg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/qemu/fw_cfg.h"

static const struct fw_cfg_file files[] = {
	{ 0, 0x2000, 0, "etc/a" }, /* numbers are big endian: selector 0x20 */
	{ 0, 0x2100, 0, "etc/ab" },
};
static uint8_t data[200];
static struct script script;

static const struct script_rule *rule(const char *text)
{
	char error[80];
	struct script_place place = { 0 };
	assert_int_equal(script_parse(text, strlen(text), &place, &script, error, sizeof(error)),
			 ST_OK);
	return &script.rules[0];
}

static struct hook_fw_cfg of(uint16_t selector, uint64_t offset, uint32_t size)
{
	return (struct hook_fw_cfg){ selector, offset, data, size, files, ARRAY_COUNT(files) };
}

/* Where in the data, or -1. */
static int where(const char *text, uint16_t selector, uint64_t offset, uint32_t size)
{
	struct hook_fw_cfg read = of(selector, offset, size);
	uint8_t *at;
	return script_fw_cfg_has(rule(text), &read, &at) ? (int)(at - data) : -1;
}

static void an_items_bytes(void **state)
{
	(void)state;
	static const char item[] = "on fw_cfg 8: replace 16 u32 1";
	assert_int_equal(where(item, 8, 0, 20), 16);
	assert_int_equal(where(item, 8, 0, 19), -1);
	assert_int_equal(where(item, 8, 16, 4), 0);
	assert_int_equal(where(item, 8, 17, 100), -1);
	assert_int_equal(where(item, 8, 15, 5), 1);
	assert_int_equal(where(item, 8, 18, 1), -1);
	assert_int_equal(where(item, 9, 0, 100), -1);
	assert_int_equal(where("on fw_cfg 8: replace 0xffffffffffffffff u8 1", 8, 0, 100), -1);
	/* A name is whole. */
	assert_int_equal(where("on fw_cfg etc/a: replace 1 u8 1", 0x20, 0, 2), 1);
	assert_int_equal(where("on fw_cfg etc/a: replace 1 u8 1", 0x21, 0, 2), -1);
	assert_int_equal(where("on fw_cfg etc/ab: replace 1 u8 1", 0x21, 0, 2), 1);
	assert_int_equal(where("on fw_cfg etc: replace 1 u8 1", 0x20, 0, 2), -1);
	assert_int_equal(where("on fw_cfg none: replace 1 u8 1", 0x20, 0, 2), -1);
}

static void a_file_in_the_directory(void **state)
{
	(void)state;
	assert_int_equal(where("on fw_cfg etc/a: size 1", FW_CFG_FILE_DIR, 0, 8), 4);
	assert_int_equal(where("on fw_cfg etc/a: size 1", FW_CFG_FILE_DIR, 0, 7), -1);
	assert_int_equal(where("on fw_cfg etc/a: size 1", 0x20, 0, 8), -1);
	assert_int_equal(where("on fw_cfg etc/ab: size 1", FW_CFG_FILE_DIR, 0, 132), 68);
	assert_int_equal(where("on fw_cfg etc/ab: hide", FW_CFG_FILE_DIR, 0, 132), 76);
	assert_int_equal(where("on fw_cfg etc/ab: hide", FW_CFG_FILE_DIR, 76, 1), 0);
	assert_int_equal(where("on fw_cfg etc/abc: hide", FW_CFG_FILE_DIR, 0, 132), -1);
}

static void bytes_are_changed(void **state)
{
	(void)state;
	uint8_t bytes[5] = { 9, 9, 9, 9, 9 };
	script_fw_cfg_change(rule("on fw_cfg 1: replace 0 u16 0x0102"), bytes);
	assert_memory_equal(bytes, ((uint8_t[]){ 2, 1, 9, 9, 9 }), 5);
	script_fw_cfg_change(rule("on fw_cfg a: size 0x01020304"), bytes);
	assert_memory_equal(bytes, ((uint8_t[]){ 1, 2, 3, 4, 9 }), 5);
	script_fw_cfg_change(rule("on fw_cfg a: hide"), bytes);
	assert_memory_equal(bytes, ((uint8_t[]){ '?', 2, 3, 4, 9 }), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_items_bytes),
		cmocka_unit_test(a_file_in_the_directory),
		cmocka_unit_test(bytes_are_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
