// TDH.SYS.RD, TDH.SYS.RDALL and TDH.SYS.INFO say the same, and what the platform is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/selftest/selftest.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/tdx_init.h"
#include "boot-tests/vmm/script/script.h"

static const struct {
	uint64_t id, value;
} known[] = {
	{ MD_SYS_VENDOR_ID, 0x8086 },
	{ MD_SYS_MAJOR_VERSION, 1 },
	{ MD_SYS_MINOR_VERSION, 5 },
	{ MD_SYS_NUM_TDX_FEATURES, 1 },
	{ MD_SYS_NUM_CMRS, 32 },
	{ 0x9100000100000008, 64 },
	{ 0x9100000100000009, 16 },
	{ 0x9100000100000010, 16 },
	{ 0x9100000100000011, 16 },
	{ 0x9100000100000012, 16 },
	{ 0x1100000000000012, 16 }, /* only class and code select */
	{ MD_SYS_TDR_BASE_SIZE, 4096 },
	{ MD_SYS_TDCS_BASE_SIZE, 6 * 4096 },
	{ MD_SYS_TDVPS_BASE_SIZE, 6 * 4096 },
	{ MD_SYS_XFAM_FIXED1, 3 },
};

static uint64_t read(uint64_t id, struct seam_regs *regs)
{
	return selftest_call(regs, TDH_SYS_RD, 0, id, 77, 0);
}

static void check_rd(const struct module_platform *platform)
{
	struct seam_regs regs;
	for (unsigned i = 0; i < ARRAY_COUNT(known); i++) {
		EXPECT_EQUAL(read(known[i].id, &regs), TDX_SUCCESS);
		EXPECT_EQUAL(regs.r8, known[i].value);
	}
	for (unsigned i = 0; i < TDX_MAX_CMRS; i++) {
		EXPECT_EQUAL(read(MD_SYS_CMR_BASE + i, &regs), TDX_SUCCESS);
		EXPECT_EQUAL(regs.r8, platform->cmrs[i].base);
		EXPECT_EQUAL(read(MD_SYS_CMR_SIZE + i, &regs), TDX_SUCCESS);
		EXPECT_EQUAL(regs.r8, platform->cmrs[i].size);
	}
	EXPECT_EQUAL(read(MD_SYS_CMR_BASE + 32, &regs), TDX_METADATA_FIELD_ID_INCORRECT);
	EXPECT_EQUAL(regs.r8, 0);
	EXPECT_EQUAL(regs.rdx, MD_NONE);
	EXPECT_EQUAL(read(MD_SYS_VENDOR_ID | BIT64(62), &regs), TDX_METADATA_FIELD_ID_INCORRECT);
	EXPECT_EQUAL(read(MD_NONE, &regs), TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT);
	EXPECT_EQUAL(regs.rdx, MD_SYS_NUM_PKGS);
	EXPECT_EQUAL(read(MD_SYS_VENDOR_ID, &regs), TDX_SUCCESS);
	EXPECT_EQUAL(regs.rdx, MD_SYS_BUILD_DATE); /* the host sees it; a TD does not */
}

/* Walks the chain of next fields beside the list; both must say the same in the same order. */
static void check_rdall(void)
{
	struct seam_regs regs;
	uint64_t *list = hpa_ptr(frames_take_page());
	uint64_t at_list = ptr_hpa(list).v;
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_RDALL, 0, at_list + 8, MD_NONE, 0),
		     TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_RDALL, 0, at_list, 0x123456, 0),
		     TDX_METADATA_FIELD_ID_INCORRECT);
	/* Not the first element of a field; not the field's size. */
	EXPECT_EQUAL(
		selftest_call(&regs, TDH_SYS_RDALL, 0, at_list, MD_SYS_CPUID_CONFIG_VALUES + 1, 0),
		TDX_METADATA_FIELD_ID_INCORRECT);
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_RDALL, 0, at_list,
				   MD_SYS_MAX_TDMRS & ~MD_ELEMENT_SIZE, 0),
		     TDX_METADATA_FIELD_ID_INCORRECT);
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_RDALL, 0, at_list, MD_NONE, 0), TDX_SUCCESS);
	EXPECT_EQUAL(regs.r8, MD_NONE);
	uint64_t words = field_get(MASK64(15, 0), list[0]) / sizeof(list[0]);
	uint64_t sequences = 0;
	EXPECT_EQUAL(read(MD_NONE, &regs), TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT);
	uint64_t id = regs.rdx;
	for (uint64_t at = 1; at < words; sequences++) {
		uint64_t count = (field_get(MD_LAST_FIELD, list[at]) + 1) *
				 (field_get(MD_LAST_ELEMENT, list[at]) + 1);
		EXPECT_EQUAL(list[at] & ~(MD_LAST_FIELD | MD_LAST_ELEMENT), id);
		for (uint64_t i = 1; i <= count; i++) {
			EXPECT_EQUAL(read(id, &regs), TDX_SUCCESS);
			EXPECT_EQUAL(list[at + i], regs.r8);
			id = regs.rdx;
		}
		at += count + 1;
	}
	EXPECT_EQUAL(id, MD_NONE);
	EXPECT_EQUAL(sequences, field_get(MASK64(31, 16), list[0]));
	/* From the middle of a field that has many: the rest. */
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_RDALL, 0, at_list, MD_SYS_DISALLOWED_FMS + 60, 0),
		     TDX_SUCCESS);
	EXPECT_EQUAL(list[1], (MD_SYS_DISALLOWED_FMS + 60) | field_put(MD_LAST_FIELD, 3));
	frames_give_page(ptr_hpa(list));
}

static void check_info(const struct module_platform *platform)
{
	struct seam_regs regs;
	struct tdsysinfo *info = hpa_ptr(frames_take_page());
	struct cmr_info *cmrs = hpa_ptr(frames_take_page());
	const struct {
		uint64_t rcx, rdx, r8, r9, operand;
	} wrong[] = {
		{ ptr_hpa(info).v + 512, 0, 1, 0, TDX_OPERAND_RCX },
		{ ptr_hpa(info).v, 1023, 1, 0, TDX_OPERAND_RDX },
		{ ptr_hpa(info).v, 1024, ptr_hpa(cmrs).v + 256, 0, TDX_OPERAND_R8 },
		{ ptr_hpa(info).v, 1024, ptr_hpa(cmrs).v, 31, TDX_OPERAND_R9 },
	};
	info->vendor_id = 1;
	for (unsigned i = 0; i < ARRAY_COUNT(wrong); i++) {
		EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_INFO, wrong[i].rcx, wrong[i].rdx,
					   wrong[i].r8, wrong[i].r9),
			     TDX_OPERAND_INVALID | wrong[i].operand);
	}
	EXPECT_EQUAL(info->vendor_id, 0); /* zeroed before R8 was looked at */
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_INFO, ptr_hpa(info).v, 4096, ptr_hpa(cmrs).v, 99),
		     TDX_SUCCESS);
	EXPECT_EQUAL(regs.rdx, 1024);
	EXPECT_EQUAL(regs.r9, 32);
	EXPECT(memcmp(cmrs, platform->cmrs, sizeof(platform->cmrs)) == 0);
	EXPECT_EQUAL(info->vendor_id, 0x8086);
	EXPECT_EQUAL(info->sys_rd, 1);
	EXPECT_EQUAL(info->max_tdmrs, 64);
	EXPECT_EQUAL(info->pamt_entry_size, 16);
	EXPECT_EQUAL(read(MD_SYS_ATTRIBUTES_FIXED0, &regs), TDX_SUCCESS);
	EXPECT_EQUAL(info->attributes_fixed0, regs.r8);
	EXPECT_EQUAL(read(MD_SYS_XFAM_FIXED0, &regs), TDX_SUCCESS);
	EXPECT_EQUAL(info->xfam_fixed0, regs.r8);
	EXPECT_EQUAL(info->num_cpuid_config, CPUID_CONFIG_LEAVES);
	for (unsigned i = 0; i < CPUID_CONFIG_LEAVES; i++) {
		EXPECT_EQUAL(info->cpuid_config[i].leaf, cpuid_config_leaves[i].leaf);
		EXPECT_EQUAL(info->cpuid_config[i].subleaf, cpuid_config_leaves[i].subleaf);
		/* The structure counts features that can be hidden, the field does not. */
		EXPECT_EQUAL(read(MD_SYS_CPUID_CONFIG_VALUES + 2 * i, &regs), TDX_SUCCESS);
		EXPECT_EQUAL(regs.r8 & ~(info->cpuid_config[i].values[0] |
					 (uint64_t)info->cpuid_config[i].values[1] << 32),
			     0);
	}
	frames_give_page(ptr_hpa(info));
	frames_give_page(ptr_hpa(cmrs));
}

/* The size in a field's id is looked at before the call is made. */
static void check_reader(void)
{
	struct tdx_host host = { .quiet = true };
	uint16_t small = 77;
	uint64_t large = 77;
	script_set("on SEAMCALL: status sys-busy");
	EXPECT_EQUAL(tdx_read_field(&host, MD_SYS_TDX_FEATURES0, &small, sizeof(small)),
		     ST_BAD_ARGUMENT);
	EXPECT_EQUAL(tdx_read_field(&host, MD_SYS_MAX_TDMRS, &large, sizeof(large)),
		     ST_BAD_ARGUMENT);
	EXPECT_EQUAL(script_waiting(), 1);
	script_set("");
	EXPECT_EQUAL(small, 77);
	EXPECT_EQUAL(large, 77);
	EXPECT_EQUAL(tdx_read_field(&host, MD_SYS_MAX_TDMRS, &small, sizeof(small)), ST_OK);
	EXPECT_EQUAL(small, 64);
}

void selftest_sys_fields(const struct module_platform *platform)
{
	module_load(platform);
	selftest_sys_init();
	check_rd(platform);
	check_rdall();
	check_info(platform);
	check_reader();
}
