// TDCALL leaves and what the shim demands of a TD's configuration.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/tdg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "boot-tests/unit/shim/refusals.h"
#include "shim/tdx/world.h"

#define SCRIPT(calls) fake_script(calls, (unsigned)ARRAY_COUNT(calls))
#define INFO_OUT (FAKE_RCX | FAKE_RDX | FAKE_R8 | FAKE_R9)
#define INFO(gpaw, attr)                                                             \
	{                                                                            \
		.check = FAKE_RAX, .in = { .rax = TDG_VP_INFO }, .answer = INFO_OUT, \
		.out = {.rcx = (gpaw),                                               \
			.rdx = (attr),                                               \
			.r8 = UINT64_C(0x800000004),                                 \
			.r9 = 3 }                                                    \
	}

static void info_fields(void **state)
{
	(void)state;
	/* Bits that later modules may set beside the fields are not part of them. */
	static const struct fake_call calls[] = {
		{ .check = FAKE_RAX,
		  .in = { .rax = TDG_VP_INFO },
		  .answer = INFO_OUT,
		  .out = { .rcx = 0xFF00000000000034,
			   .rdx = 0x10000001,
			   .r8 = UINT64_C(0x800000004),
			   .r9 = UINT64_C(0x700000003) } },
	};
	struct td_info info;
	SCRIPT(calls);
	assert_int_equal(td_info(&info), ST_OK);
	fake_done();
	assert_int_equal(info.gpaw, 52);
	assert_int_equal(info.attributes, 0x10000001);
	assert_int_equal(info.vcpu_count, 4);
	assert_int_equal(info.vcpu_index, 3);
}

static void info_refuses_an_odd_width(void **state)
{
	(void)state;
	static const struct fake_call calls[] = { INFO(47, 0), INFO(0, 0) };
	struct td_info info = { .gpaw = 7 };
	SCRIPT(calls);
	assert_refusal(td_info(&info), ST_BAD_FORMAT, "TDG.VP.INFO: GPAW 47");
	assert_refusal(td_info(&info), ST_BAD_FORMAT, "TDG.VP.INFO: GPAW 0");
	assert_int_equal(info.gpaw, 7);
}

static void veinfo_fields(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		{ .check = FAKE_RAX,
		  .in = { .rax = TDG_VP_VEINFO_GET },
		  .answer = FAKE_RCX | FAKE_RDX | FAKE_R8 | FAKE_R9 | FAKE_R10,
		  .out = { .rcx = 0x100000030,
			   .rdx = 0x83,
			   .r8 = 0xFEC00010,
			   .r9 = 0x8000FEC00010,
			   .r10 = 0x1234567800000003 } },
	};
	struct ve_info info;
	SCRIPT(calls);
	assert_int_equal(td_veinfo_get(&info), ST_OK);
	assert_int_equal(info.exit_reason, EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(info.exit_qualification, 0x83);
	assert_int_equal(info.gla, 0xFEC00010);
	assert_int_equal(info.gpa, 0x8000FEC00010);
	assert_int_equal(info.instruction_length, 3);
	assert_int_equal(info.instruction_info, 0x12345678);
}

static uint64_t refuse_all(struct tdcall_regs *regs)
{
	regs->rcx = regs->rdx = regs->r8 = 1;
	return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
}

static void refusals_leave_results_alone(void **state)
{
	(void)state;
	static _Alignas(64) uint8_t digest[SHA384_SIZE];
	struct td_info info = { .gpaw = 7 };
	struct ve_info ve = { .exit_reason = 7 };
	uint64_t value = 7;
	uint64_t raw;
	fake_handler(refuse_all);
	assert_refusal(td_info(&info), ST_TDX, "TDG.VP.INFO: RAX 0xc000010000000001");
	assert_refusal(td_veinfo_get(&ve), ST_TDX, "TDG.VP.VEINFO.GET: RAX 0xc000010000000001");
	assert_refusal(td_vm_rd(MD_TD_CTLS, &value), ST_TDX,
		       "TDG.VM.RD of 0x1110000300000017: RAX 0xc000010000000001");
	assert_refusal(td_vm_wr(MD_TD_CTLS, 1, 1), ST_TDX,
		       "TDG.VM.WR of 0x1110000300000017: RAX 0xc000010000000001");
	assert_refusal(td_rtmr_extend(0, digest), ST_TDX,
		       "TDG.MR.RTMR.EXTEND of 0x0: RAX 0xc000010000000001");
	assert_refusal(td_page_accept(gpa(0x1000), PG_4K, &raw), ST_TDX,
		       "TDG.MR.RTMR.EXTEND of 0x0: RAX 0xc000010000000001");
	assert_int_equal(raw, TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_int_equal(info.gpaw, 7);
	assert_int_equal(ve.exit_reason, 7);
	assert_int_equal(value, 7);
}

static void fields_and_digests(void **state)
{
	(void)state;
	static _Alignas(64) uint8_t digest[SHA384_SIZE];
	const struct fake_call calls[] = {
		{ .check = FAKE_RAX | FAKE_RCX | FAKE_RDX,
		  .in = { .rax = TDG_VM_RD, .rdx = MD_TD_ATTRIBUTES },
		  .answer = FAKE_R8,
		  .out = { .r8 = 0x1234 } },
		{ .check = FAKE_RAX | FAKE_RCX | FAKE_RDX | FAKE_R8 | FAKE_R9,
		  .in = { .rax = TDG_VM_WR, .rdx = MD_TD_CTLS, .r8 = 1, .r9 = 3 } },
		{ .check = FAKE_RAX | FAKE_RCX | FAKE_RDX,
		  .in = { .rax = TDG_MR_RTMR_EXTEND, .rcx = (uintptr_t)digest, .rdx = 2 } },
	};
	uint64_t value;
	SCRIPT(calls);
	assert_int_equal(td_vm_rd(MD_TD_ATTRIBUTES, &value), ST_OK);
	assert_int_equal(value, 0x1234);
	assert_int_equal(td_vm_wr(MD_TD_CTLS, 1, 3), ST_OK);
	assert_int_equal(td_rtmr_extend(2, digest), ST_OK);
	fake_done();
}

static void a_plain_vm_makes_no_call(void **state)
{
	(void)state;
	fake_script(NULL, 0);
	assert_int_equal(world_init(false), ST_OK);
	assert_false(world_is_td());
	assert_int_equal(world_info()->gpaw, 48);
	assert_int_equal(world_info()->vcpu_count, 1);
}

/* The host may look into a TD with DEBUG. */
static void debug_attribute(void **state)
{
	const struct fake_call calls[] = {
		INFO(48, TD_ATTRIBUTES_DEBUG | TD_ATTRIBUTES_SEPT_VE_DISABLE),
		INFO(48, TD_ATTRIBUTES_SEPT_VE_DISABLE),
	};
	(void)state;
	fake_script(calls, 2);
	assert_int_equal(world_init(true), ST_OK);
	assert_refusal(world_check_debug(false), ST_UNSUPPORTED,
		       "ATTRIBUTES 0x10000001: DEBUG, which the image refuses");
	assert_int_equal(world_check_debug(true), ST_OK);
	assert_int_equal(world_init(true), ST_OK);
	assert_int_equal(world_check_debug(false), ST_OK);
	fake_done();
}

/* clang-format off */
#define READ(field, value)                                                                  \
	{ .check = FAKE_RAX | FAKE_RDX, .in = { .rax = TDG_VM_RD, .rdx = (field) },         \
	  .answer = FAKE_R8, .out = { .r8 = (value) } }
#define WRITE_CTLS(status)                                                                  \
	{ .check = FAKE_RAX | FAKE_RDX | FAKE_R8 | FAKE_R9,                                 \
	  .in = { .rax = TDG_VM_WR, .rdx = MD_TD_CTLS, .r8 = TD_CTLS_PENDING_VE_DISABLE,    \
		  .r9 = TD_CTLS_PENDING_VE_DISABLE },                                       \
	  .out = { .rax = (status) } }

static void expect_config(const struct fake_call *calls, unsigned count, enum status want,
			  const char *text)
{
	fake_script(calls, count);
	assert_int_equal(world_init(true), ST_OK);
	if (want == ST_OK) {
		assert_int_equal(world_check_config(), ST_OK);
	} else {
		assert_refusal(world_check_config(), want, text);
	}
	fake_done();
}
#define EXPECT_CONFIG(calls, want, text)                                                           \
	expect_config(calls, (unsigned)ARRAY_COUNT(calls), want, text)

static void sept_ve_disabled_by_attribute(void **state)
{
	(void)state;
	static const struct fake_call calls[] = { INFO(48, TD_ATTRIBUTES_SEPT_VE_DISABLE) };
	EXPECT_CONFIG(calls, ST_OK, NULL);
}
/* clang-format on */

static void sept_ve_disabled_by_td_ctls(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		INFO(48, 0),
		READ(MD_TD_CONFIG_FLAGS, TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE),
		WRITE_CTLS(TDX_SUCCESS),
		READ(MD_TD_CTLS, TD_CTLS_PENDING_VE_DISABLE),
	};
	EXPECT_CONFIG(calls, ST_OK, NULL);
}

static void sept_ve_enabled_and_not_flexible(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		INFO(48, TD_ATTRIBUTES_DEBUG),
		READ(MD_TD_CONFIG_FLAGS, TD_CONFIG_FLAGS_NO_RBP_MOD),
	};
	EXPECT_CONFIG(calls, ST_UNSUPPORTED,
		      "ATTRIBUTES 0x1 without SEPT_VE_DISABLE, CONFIG_FLAGS 0x4");
}

static void td_ctls_cannot_be_written(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		INFO(48, 0),
		READ(MD_TD_CONFIG_FLAGS, TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE),
		WRITE_CTLS(TDX_METADATA_FIELD_VALUE_NOT_VALID),
	};
	EXPECT_CONFIG(calls, ST_TDX, "TDG.VM.WR of 0x1110000300000017: RAX 0xc0000c0300000000");
}

static void td_ctls_did_not_take_the_value(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		INFO(48, 0),
		READ(MD_TD_CONFIG_FLAGS, TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE),
		WRITE_CTLS(TDX_SUCCESS),
		READ(MD_TD_CTLS, 0),
	};
	EXPECT_CONFIG(calls, ST_UNSUPPORTED, "TD_CTLS 0x0 without PENDING_VE_DISABLE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(info_fields),
		cmocka_unit_test(info_refuses_an_odd_width),
		cmocka_unit_test(veinfo_fields),
		cmocka_unit_test(refusals_leave_results_alone),
		cmocka_unit_test(fields_and_digests),
		cmocka_unit_test(a_plain_vm_makes_no_call),
		cmocka_unit_test(debug_attribute),
		cmocka_unit_test(sept_ve_disabled_by_attribute),
		cmocka_unit_test(sept_ve_disabled_by_td_ctls),
		cmocka_unit_test(sept_ve_enabled_and_not_flexible),
		cmocka_unit_test(td_ctls_cannot_be_written),
		cmocka_unit_test(td_ctls_did_not_take_the_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
