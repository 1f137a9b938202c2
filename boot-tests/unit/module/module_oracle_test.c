// What was recorded on real hardware and real modules: this module answers the same.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// host-side.md 3.7, row by row (a row without a place of its own is below):
//
//   TDXplorer replay, MNG.CREATE         creates[]
//   TDXplorer replay, SEPT.RD            module_sept_test, module_teardown_test (relocate)
//   TDXplorer replay, build sequence     td_destroy_test (built_as_on_hardware)
//   the same, TDH.VP.WR                  vcpu_writes[]
//   TDG.SYS.RD                           tdcalls[]
//   TDG.VM.WR, tdx-module issue 20       tdcalls[]
//   tdx-module issue 15                  reads[]
//   tdx-module issue 24                  bad_cpuid_configuration
//   canonical 83, 331: a 1.0 module      old_module; the host's -5: boot case module/module-1-0
//   dmesg logs: memory map, PAMT sizes   tdmr_test (real_map_*, real_cmrs_*, pamt_of_a_real_*)
//   state log                            states[]
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/module/sys.h"
#include "boot-tests/unit/module/module_fixture.h"

#define VERSION_1 BIT64(16)
/* A register whose value is not part of the record. */
#define ANY UINT64_C(0xA5A5A5A5A5A5A5A5)

static void expect(uint64_t seen, uint64_t recorded)
{
	if (recorded != ANY) {
		assert_int_equal(seen, recorded);
	}
}

/* The module's own key id is MODULE_HKID_BASE. */
static void creates(void **state)
{
	(void)state;
	static const struct {
		uint64_t hkid, status;
	} rows[] = {
		{ 0x8000, 0xC000010000000002 },
		{ MODULE_HKID_BASE, 0xC000082000000000 },
	};
	uint64_t page = fixture_frame(PG_4K);
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(call(9, page, rows[i].hkid, 0, 0), rows[i].status);
	}
}

static void reads(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	static const struct {
		uint64_t rax, rdx, status, rdx_after, r8;
	} rows[] = {
		/* Issue 15: version 0 returns a next id, of 0x8010..., although the specification
		 * says that RDX is not changed. */
		{ 11, UINT64_MAX, 0x00000C0B00000000, MD_TD_FATAL, 0 },
		{ 11 | VERSION_1, UINT64_MAX, 0x00000C0B00000000, MD_TD_FATAL, 0 },
		/* For any other id it is not. */
		{ 11, MD_TD_XFAM, TDX_SUCCESS, MD_TD_XFAM, 3 },
		{ 11 | VERSION_1, MD_TD_XFAM, TDX_SUCCESS, MD_TD_MAX_VCPUS, 3 },
		{ 11, 0x123456, 0xC0000C0000000000, 0x123456, 0 },
		{ 11 | VERSION_1, 0x123456, 0xC0000C0000000000, UINT64_MAX, 0 },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(call(rows[i].rax, fixture.tdr, rows[i].rdx, 7, 0), rows[i].status);
		assert_int_equal(fixture.regs.rdx, rows[i].rdx_after);
		assert_int_equal(fixture.regs.r8, rows[i].r8);
	}
}

/* Issue 24: RCX tells leaf and subleaf. */
static void bad_cpuid_configuration(void **state)
{
	(void)state;
	static const struct {
		unsigned index, reg;
		uint32_t value;
		uint64_t rcx;
	} rows[] = {
		{ 0, 2, BIT32(0), 0xFFFFFFFF00000001 },
		{ 0, 0, 0xC06F2, 0xFFFFFFFF00000001 }, /* not this platform's processor */
		{ 2, 3, BIT32(2), 0x0000000100000004 },
		{ 5, 0, BIT32(0), 0x0000000000000007 },
		{ 10, 1, BIT32(0), 0x0000000200000007 },
	};
	fixture_create();
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		struct td_params *params = fixture_params();
		uint32_t *values = (uint32_t *)params->cpuid_config;
		values[4 * rows[i].index + rows[i].reg] = rows[i].value;
		assert_int_equal(call(21, fixture.tdr, ptr_hpa(params).v, 0, 0),
				 0xC000010000000045);
		assert_int_equal(fixture.regs.rcx, rows[i].rcx);
	}
}

static void tdcalls(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_finalize();
	static const struct {
		uint64_t rax, rcx, rdx, r8, status, rdx_after, r8_after;
	} rows[] = {
		{ 11, 0, UINT64_MAX, 1, 0x00000C0B00000000, 0x0800000200000000, 0 },
		{ 11, 0, 0x0800000200000000, 1, 0, 0x0800000100000003, 0x8086 },
		/* Issue 20: R8 stays what it was. */
		{ 8 | VERSION_1, 0, 0x9110000300000010, 0x1234, 0xC000010000000000, ANY, 0x1234 },
		{ 8, 1, 0x9110000300000010, 0x1234, 0xC000010000000001, ANY, 0 },
		{ 8, 0, 0x9110000300000010, 0, 0, ANY, ANY },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		bool exited;
		assert_int_equal(
			tdcall_of_td(rows[i].rax, rows[i].rcx, rows[i].rdx, rows[i].r8, 1, &exited),
			rows[i].status);
		assert_false(exited);
		expect(fixture_svm()->gpr[RDX], rows[i].rdx_after);
		expect(fixture_svm()->gpr[R8], rows[i].r8_after);
	}
}

/* What the recorded host says of a vCPU, and what it may not say. */
static void vcpu_writes(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	uint64_t invalid = TDX_METADATA_FIELD_VALUE_NOT_VALID;
	const struct {
		uint64_t code, value, mask, status, old;
	} rows[] = {
		/* Posting, before it is known to where. */
		{ 0x4000, 0x80, 0x80, 0xC000073000000002, 0 },
		{ 0x2, 0x100, 0xFFFF, invalid, 0 },
		{ 0x2, 0xF2, 0xFFFF, 0, 0xFFFF },
		{ 0x4000, 0x80, 0x80, 0xC000073000002016, 0 },
		{ 0x2016, 0x12345678, UINT64_MAX, invalid, 0 },       /* not aligned */
		{ 0x2016, BIT64(47) | 0x40, UINT64_MAX, invalid, 0 }, /* a private key id */
		{ 0x2016, 0x12345640, UINT64_MAX, 0, UINT64_MAX },
		{ 0x2016, BIT64(42) | 0x12345680, UINT64_MAX, 0, 0x12345640 },
		{ 0x4000, 0x81, 0x81, invalid, 0 }, /* bit 0 is not the host's */
		{ 0x4000, 0x80, 0x80, 0, 0 },
		{ 0x4000, 0, 0x80, 0, 0x80 },
		{ 0x203C, 0x5001, UINT64_MAX, invalid, 0 },
		{ 0x203C, 0x5000, UINT64_MAX, 0, 0 },
		{ 0x203C, 0x6000, 0xFFF, TDX_METADATA_FIELD_NOT_WRITABLE, 0 },
		{ 0x203C, 0, UINT64_MAX, 0, 0x5000 },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(
			call(43, fixture.tdvpr[0], rows[i].code, rows[i].value, rows[i].mask),
			rows[i].status);
		assert_int_equal(fixture.regs.r8, rows[i].old);
	}
	/* They come before all other fields of a vCPU. */
	assert_int_equal(call(26 | VERSION_1, fixture.tdvpr[0], UINT64_MAX, 0, 0),
			 0x00000C0B00000000);
	assert_int_equal(fixture.regs.rdx, 0x0024000100000002);
}

/* [module binary in an emulator] */
static void states(void **state)
{
	(void)state;
	uint64_t list = fixture_frame(PG_4K);
	static const struct {
		unsigned leaf, cpu;
		enum sys_state after;
	} rows[] = {
		{ 33, 0, SYS_SYSINIT_DONE },   { 35, 0, SYS_SYSINIT_DONE },
		{ 35, 1, SYS_SYSINIT_DONE },   { 35, 2, SYS_SYSINIT_DONE },
		{ 35, 3, SYS_SYSINIT_DONE },   { 45, 0, SYS_SYSCONFIG_DONE },
		{ 31, 1, SYS_SYSCONFIG_DONE }, /* the first of two packages */
		{ 31, 0, SYS_READY },
	};
	struct module_platform platform = fixture.platform;
	platform.package_count = 2;
	module_load(&platform);
	assert_int_equal(sys_state(), SYS_SYSINIT_PENDING);
	uint64_t info = ptr_hpa(fixture_tdmr()).v;
	memcpy(hpa_ptr(hpa(list)), &info, sizeof(info));
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		bool config = rows[i].leaf == 45;
		fixture.cpu = rows[i].cpu;
		assert_int_equal(call(rows[i].leaf, config ? list : 0, config ? 1 : 0,
				      config ? MODULE_HKID_BASE : 0, 0),
				 TDX_SUCCESS);
		assert_int_equal(sys_state(), rows[i].after);
	}
}

/* Linux's log of it: SEAMCALL (0x22) failed, RDX as it was. */
static void old_module(void **state)
{
	(void)state;
	struct module_platform platform = fixture.platform;
	platform.version_1_0 = true;
	module_load(&platform);
	fixture.cpu = 0;
	assert_int_equal(call(33, 0, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(call(35, 0, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(call(0x22, 0, 0x9100000100000008, 0, 0), 0xC000050500000000);
	assert_int_equal(fixture.regs.rdx, 0x9100000100000008);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates),
		cmocka_unit_test(reads),
		cmocka_unit_test(bad_cpuid_configuration),
		cmocka_unit_test(tdcalls),
		cmocka_unit_test(vcpu_writes),
		/* Each loads the module anew. */
		cmocka_unit_test(states),
		cmocka_unit_test(old_module),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
