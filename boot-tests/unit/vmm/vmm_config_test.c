// Tests of the machine's settings and of the software fw_cfg items.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/vmm/device/fw_cfg_items.h"

static enum status parse(const char *text, struct config *out)
{
	char error[80];
	return config_parse(text, strlen(text), out, error, sizeof(error));
}

static void settings_are_read(void **state)
{
	(void)state;
	struct config config;
	assert_int_equal(parse("memory=1073741824\ntrace=1\n", &config), ST_OK);
	assert_int_equal(config.memory, 1 << 30);
	assert_true(config.trace);
	assert_false(config.rbp_mod);
	assert_int_equal(parse("trace=0\nrbp_mod=on\nmemory=4096\n", &config), ST_OK);
	assert_int_equal(config.memory, 4096);
	assert_false(config.trace);
	assert_true(config.rbp_mod);
	assert_string_equal(config.selftest, "");
	assert_int_equal(config.module_version, MODULE_1_5);
	assert_int_equal(config.mrtd_order, MRTD_ORDER_PAGE);
	assert_int_equal(parse("memory=4096\nmrtd_order=section\n", &config), ST_OK);
	assert_int_equal(config.mrtd_order, MRTD_ORDER_SECTION);
	assert_int_equal(parse("memory=4096\nmrtd_order=page\n", &config), ST_OK);
	assert_int_equal(config.mrtd_order, MRTD_ORDER_PAGE);
	assert_int_equal(config.gpaw, GPAW_48);
	assert_false(config.la57);
	assert_int_equal(parse("memory=4096\ngpaw=52\nla57=1\n", &config), ST_OK);
	assert_int_equal(config.gpaw, GPAW_52);
	assert_true(config.la57);
	assert_int_equal(parse("memory=4096\ngpaw=48\nla57=0\n", &config), ST_OK);
	assert_int_equal(config.gpaw, GPAW_48);
	assert_false(config.la57);
	assert_int_equal(config.sept_ve_disable, SEPT_VE_DISABLED);
	assert_int_equal(config.temp_mem, TEMP_MEM_GARBAGE);
	assert_false(config.debug_td);
	assert_int_equal(parse("memory=4096\ntemp_mem=zero\ndebug_td=1\n", &config), ST_OK);
	assert_int_equal(config.temp_mem, TEMP_MEM_ZERO);
	assert_true(config.debug_td);
	assert_int_equal(parse("memory=4096\nsept_ve_disable=off\n", &config), ST_OK);
	assert_int_equal(config.sept_ve_disable, SEPT_VE_ENABLED);
	assert_int_equal(parse("memory=4096\nsept_ve_disable=flexible\n", &config), ST_OK);
	assert_int_equal(config.sept_ve_disable, SEPT_VE_FLEXIBLE);
	assert_int_equal(parse("memory=4096\nsept_ve_disable=on\n", &config), ST_OK);
	assert_int_equal(config.sept_ve_disable, SEPT_VE_DISABLED);
	assert_int_equal(config.max_vcpus, 0);
	assert_int_equal(parse("memory=4096\nmax_vcpus=64\n", &config), ST_OK);
	assert_int_equal(config.max_vcpus, 64);
	assert_false(config.icount);
	assert_int_equal(parse("memory=4096\nicount=1\n", &config), ST_OK);
	assert_true(config.icount);
	assert_int_equal(parse("memory=4096\nmodule_version=1.0\nselftest=abc\n", &config), ST_OK);
	assert_int_equal(config.module_version, MODULE_1_0);
	assert_string_equal(config.selftest, "abc");
	assert_int_equal(parse("memory=4096\nmodule_version=1.5\n"
			       "selftest=1234567890123456789012345678901\n",
			       &config),
			 ST_OK);
	assert_int_equal(config.module_version, MODULE_1_5);
	assert_int_equal(strlen(config.selftest), CONFIG_NAME_MAX);
	assert_int_equal(config.second_smp, 0);
	assert_false(config.dirty_frames);
	assert_int_equal(parse("memory=4096\ndirty_frames=1\n", &config), ST_OK);
	assert_true(config.dirty_frames);
	assert_false(config.wbinvd);
	assert_int_equal(parse("memory=4096\nwbinvd=on\n", &config), ST_OK);
	assert_true(config.wbinvd);
	assert_false(config.pic);
	assert_int_equal(parse("memory=4096\npic=on\n", &config), ST_OK);
	assert_true(config.pic);
	assert_int_equal(config.fw_cfg, FW_CFG_10_2);
	assert_int_equal(parse("memory=4096\nfw_cfg=10.1\n", &config), ST_OK);
	assert_int_equal(config.fw_cfg, FW_CFG_10_1);
	assert_int_equal(parse("memory=4096\nfw_cfg=9.2\n", &config), ST_OK);
	assert_int_equal(config.fw_cfg, FW_CFG_9_2);
	assert_int_equal(parse("memory=4096\nfw_cfg=files\n", &config), ST_OK);
	assert_int_equal(config.fw_cfg, FW_CFG_FILES);
	assert_int_equal(parse("memory=4096\nfw_cfg=10.2\n", &config), ST_OK);
	assert_int_equal(config.fw_cfg, FW_CFG_10_2);
	assert_int_equal(parse("memory=4096\nsecond_smp=2\nsecond_memory=8192\n", &config), ST_OK);
	assert_int_equal(config.second_smp, 2);
	assert_int_equal(config.second_memory, 8192);
	assert_int_equal(config.mapgpa_retry, 0);
	assert_int_equal(config.mapgpa_again, 0);
	assert_int_equal(config.mapgpa_r11, MAPGPA_R11_REQUEST);
	assert_int_equal(
		parse("memory=4096\nmapgpa_retry=8192\nmapgpa_again=2\nmapgpa_r11=gpa\n", &config),
		ST_OK);
	assert_int_equal(config.mapgpa_retry, 8192);
	assert_int_equal(config.mapgpa_again, 2);
	assert_int_equal(config.mapgpa_r11, MAPGPA_R11_GPA);
	assert_int_equal(config.page_size, PAGE_SIZE_4K);
	assert_int_equal(parse("memory=4096\npage_size=2M\n", &config), ST_OK);
	assert_int_equal(config.page_size, PAGE_SIZE_2M);
	assert_int_equal(parse("memory=4096\npage_size=4K\n", &config), ST_OK);
	assert_int_equal(config.page_size, PAGE_SIZE_4K);
	assert_int_equal(parse("memory=4096\nmapgpa_r11=request\n", &config), ST_OK);
	assert_int_equal(config.mapgpa_r11, MAPGPA_R11_REQUEST);
	assert_int_equal(config.keyid_bits, 0);
	assert_int_equal(parse("memory=4096\nkeyid_bits=14\n", &config), ST_OK);
	assert_int_equal(config.keyid_bits, 14);
	assert_false(config.tlb);
	assert_int_equal(parse("memory=4096\ntlb=1\n", &config), ST_OK);
	assert_true(config.tlb);
	assert_int_equal(parse("memory=18446744073709547520\n", &config), ST_OK);
	assert_int_equal(config.memory, UINT64_MAX - 4095);
}

static void anything_else_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"trace=1\n",
		"memory=4096", /* no end of line */
		"memory=4096\ntrace=2\n",
		"memory=4096\ntrace=\n",
		"memory=4096\nrbp_mod=1\n",
		"memory=4096\nicount=2\n",
		"memory=4096\ngpaw=50\n",
		"memory=4096\ntemp_mem=1\n",
		"memory=4096\ndebug_td=yes\n",
		"memory=4096\nsept_ve_disable=\n",
		"memory=4096\nsept_ve_disable=1\n",
		"memory=4096\ngpaw=\n",
		"memory=4096\nla57=2\n",
		"memory=4096\nmrtd_order=\n",
		"memory=4096\nmrtd_order=sections\n",
		"memory=4096\nrbp_mod=off\nrbp_mod=off\n",
		"memory=4096\nmemory=4096\n",
		"memory=4096\ntrace=1\ntrace=1\n",
		"memory=4096\nmodule_version=2.0\n",
		"memory=4096\nmodule_version=\n",
		"memory=4096\nmodule_version=1.50\n",
		"memory=4096\nselftest=\n",
		"memory=4096\ndirty_frames=2\n",
		"memory=4096\nwbinvd=1\n",
		"memory=4096\npic=0\n",
		"memory=4096\npic=of\n",
		"memory=4096\npic=off|on\n",
		"memory=4096\npic=\n",
		"memory=4096\nfw_cfg=10\n",
		"memory=4096\nfw_cfg=\n",
		"memory=4096\nsecond_smp=1\n",
		"memory=4096\nsecond_memory=4096\n",
		"memory=4096\nsecond_smp=0\nsecond_memory=4096\n",
		"memory=4096\nsecond_smp=1\nsecond_memory=4095\n",
		"memory=4096\nmapgpa_retry=0\n",
		"memory=4096\nmapgpa_retry=2048\n",
		"memory=4096\nmapgpa_again=0\n",
		"memory=4096\nmapgpa_again=-1\n",
		"memory=4096\nmapgpa_r11=\n",
		"memory=4096\nmapgpa_r11=shared\n",
		"memory=4096\npage_size=1G\n",
		"memory=4096\nselftest=12345678901234567890123456789012\n",
		"memory=0\n",
		"memory=4095\n",
		"memory=04096\n",
		"memory=+4096\n",
		"memory=4096 \n",
		" memory=4096\n",
		"memory 4096\n",
		"memory=0x1000\n",
		"memory=18446744073709555712\n", /* 2^64 + 4096 */
		"memory=4096\n\n",
		"Memory=4096\n",
		"mem=4096\n",
		"memoryy=4096\n",
	};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct config config = { .memory = 77 };
		if (parse(texts[i], &config) != ST_BAD_FORMAT || config.memory != 77) {
			fail_msg("'%s' was taken", texts[i]);
		}
	}
}

static void error_names_line_setting_and_value(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "memory=4096\nfoo=1\n", "line 2: no setting 'foo'" },
		{ "memory=4096\nla57\n", "line 2: no setting 'la57'" },
		{ "a\x01\xFF"
		  "bcdefghijklmnopqrstuvwxyz0123456789=1\n",
		  "line 1: no setting 'a??bcdefghijklmnopqrstuvwxyz012'" },
		{ "memory=1\n", "line 1: memory is '1', not a multiple of 4096" },
		{ "memory=4096\nla57=2\n", "line 2: la57 is '2', not 0|1" },
		{ "pic=maybe\n", "line 1: pic is 'maybe', not off|on" },
		{ "memory=4096\n\nla57=1\n", "line 2: no setting ''" },
		{ "gpaw=50\n", "line 1: gpaw is '50', not 48|52" },
		{ "mapgpa_again=0\n", "line 1: mapgpa_again is '0', not a number from 1 on" },
		{ "selftest=\n", "line 1: selftest is '', not 1 to 31 characters" },
		{ "trace=1\ntrace=1\n", "line 2: trace again" },
		{ "memory=4096\ntrace=1", "line 2 has no end" },
		{ "trace=1\n", "memory is missing" },
		{ "memory=4096\nsecond_smp=1\n", "one of second_smp and second_memory is missing" },
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct config config;
		char error[80];
		assert_int_equal(config_parse(rows[i].text, strlen(rows[i].text), &config, error,
					      sizeof(error)),
				 ST_BAD_FORMAT);
		assert_string_equal(error, rows[i].error);
	}
}

static void items_are_read_as_qemu_does(void **state)
{
	(void)state;
	struct fw_cfg_item storage[3];
	struct fw_cfg_items items = { .items = storage, .capacity = ARRAY_COUNT(storage) };
	uint8_t got[8];
	fw_cfg_items_add(&items, 0x08, "\x05\0\0", 4);
	fw_cfg_items_add(&items, 0x11, "kern", 4);
	fw_cfg_items_add(&items, 0x12, NULL, 0);
	assert_false(fw_cfg_items_select(&items, 0x05));
	assert_null(items.selected);

	assert_true(fw_cfg_items_select(&items, 0x11));
	fw_cfg_items_read(&items, got, 3);
	assert_memory_equal(got, "ker", 3);
	fw_cfg_items_read(&items, got, 3); /* zeros after the end */
	assert_memory_equal(got, "n\0\0", 3);
	fw_cfg_items_read(&items, got, 1);
	assert_int_equal(got[0], 0);

	assert_true(fw_cfg_items_select(&items, 0xC011)); /* flags do not matter; rewinds */
	fw_cfg_items_skip(&items, 2);
	fw_cfg_items_read(&items, got, 1);
	assert_int_equal(got[0], 'r');
	fw_cfg_items_skip(&items, UINT32_MAX);
	fw_cfg_items_read(&items, got, 2);
	assert_memory_equal(got, "\0\0", 2);

	assert_true(fw_cfg_items_select(&items, 0x12));
	fw_cfg_items_read(&items, got, 8);
	assert_memory_equal(got, "\0\0\0\0\0\0\0\0", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(error_names_line_setting_and_value),
		cmocka_unit_test(items_are_read_as_qemu_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
