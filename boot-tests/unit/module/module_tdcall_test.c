// Tests of the TDX module's TDCALLs: RAX, operands, metadata, measurement.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/module_events.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/loader/sha384_oracle.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)
#define DATA (ADDRESS + 0x3000) /* an accepted page */

static bool exited;
static uint64_t data_page; /* behind DATA */

static uint64_t tdcall2(uint64_t rax, uint64_t rcx, uint64_t rdx)
{
	return tdcall_of_td(rax, rcx, rdx, 0, 0, &exited);
}

static void make_td(const struct td_params *params)
{
	fixture_init(params);
	fixture_vcpus();
	fixture_tables(ADDRESS);
	data_page = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_ADD, DATA, fixture.tdr, data_page, fixture_frame(PG_4K)),
		      TDX_SUCCESS);
	fixture_finalize();
}

static int setup(void **state)
{
	(void)state;
	make_td(fixture_params());
	return 0;
}

/* --- RAX ----------------------------------------------------------------------------------- */

static void tdcall_conditions(void **state)
{
	(void)state;
	uint64_t invalid = TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	assert_status(tdcall2(TDG_VP_INFO | BIT64(16), 0, 0), invalid);
	assert_status(tdcall2(TDG_VP_INFO | BIT64(24), 0, 0), invalid);
	assert_status(tdcall2(TDG_VP_INFO | BIT64(32), 0, 0), invalid);
	/* Only TDG.VM.RD has versions, and it clears its outputs before it looks at its own. */
	assert_status(tdcall_of_td(TDG_VM_RD | field_put(TDX_VERSION, 2), 1, 2, 3, 4, &exited),
		      invalid);
	assert_int_equal(gpr()[R8], 0);
	assert_int_equal(gpr()[RDX], MD_NONE);
	for (uint64_t leaf = 0; leaf < TDG_LEAF_COUNT; leaf++) {
		if (leaf != TDG_VM_RD) {
			assert_status(
				tdcall_of_td(leaf | field_put(TDX_VERSION, 1), 1, 2, 3, 4, &exited),
				invalid);
			assert_int_equal(gpr()[R8], 3);
			assert_int_equal(gpr()[RDX], 2);
		}
	}
}

/* A leaf that does not exist, or is not built, is an error of the TD like any other. */
static void unknown_leaves(void **state)
{
	(void)state;
	static const uint64_t leaves[] = {
		13, 17, 18, 19, 20, 21, 25, 26, 27, 28, TDG_LEAF_COUNT - 1, TDG_LEAF_COUNT, 0xFFFF,
	};
	uint64_t unknown = event_tdcall_unknown_counts[0];
	uint64_t enter_calls = event_tdcall_counts[TDG_VP_ENTER];
	for (size_t i = 0; i < ARRAY_COUNT(leaves); i++) {
		uint64_t rip = vmcb()->save.rip;
		assert_status(tdcall_of_td(leaves[i], 1, 2, 3, 4, &exited),
			      TDX_OPERAND_INVALID | TDX_OPERAND_RAX);
		assert_false(exited);
		assert_int_equal(vmcb()->save.rip, rip + 4);
		assert_int_equal(gpr()[RCX], 1);
		assert_int_equal(gpr()[RDX], 2);
		assert_int_equal(gpr()[R8], 3);
		assert_int_equal(gpr()[R9], 4);
	}
	assert_int_equal(event_tdcall_unknown_counts[0], unknown + ARRAY_COUNT(leaves));
	assert_int_equal(event_tdcall_counts[TDG_VP_ENTER], enter_calls + 1);
}

/* Recorded on real hardware: the rows TDG.SYS.RD and TDG.VM.WR of host-side.md 3.7. */
static void hardware_oracles(void **state)
{
	(void)state;
	/* TDG.SYS.RD of -1. */
	assert_int_equal(tdcall_of_td(TDG_SYS_RD, 0, UINT64_MAX, 77, 0, &exited),
			 0x00000C0B00000000);
	assert_int_equal(gpr()[RDX], 0x0800000200000000);
	assert_int_equal(gpr()[R8], 0);
	/* TDG.SYS.RD of VENDOR_ID. */
	assert_int_equal(tdcall2(TDG_SYS_RD, 0, 0x0800000200000000), 0);
	assert_int_equal(gpr()[R8], 0x8086);
	assert_int_equal(gpr()[RDX], 0x0800000100000003);
	/* TDG.VM.WR of leaf version 1: R8 stays, though its text says 0. */
	assert_int_equal(tdcall_of_td(TDG_VM_WR | BIT64(16), 0, 0x9110000300000010, 77, 1, &exited),
			 0xC000010000000000);
	assert_int_equal(gpr()[R8], 77);
	/* TDG.VM.WR with RCX that is not 0. */
	assert_int_equal(tdcall_of_td(TDG_VM_WR, 1, 0x9110000300000010, 77, 1, &exited),
			 0xC000010000000001);
	assert_int_equal(gpr()[R8], 0);
	/* TDG.VM.WR of NOTIFY_ENABLES. */
	assert_int_equal(tdcall_of_td(TDG_VM_WR, 0, 0x9110000300000010, 1, 1, &exited), 0);
	assert_int_equal(gpr()[R8], 0);
	assert_int_equal(vcpu()->td.tdcs->notify_enables, 1);
}

/* --- operands ------------------------------------------------------------------------------ */

/* An operand where there is no memory: no linear address, and what was not granted. */
static void operands_without_memory(void **state)
{
	(void)state;
	uint64_t shared = UINT64_C(0x80000000) | BIT64(47);
	uint64_t *root = hpa_ptr(hpa(fixture.shared_root));
	uint64_t rip = vmcb()->save.rip;
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x400, shared), TDG_MR_REPORT);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_VE);
	assert_int_equal(vmcb()->save.rip, rip);
	/* On top of one that was not fetched it is a #DF, though the GPA is shared. */
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x400, shared), TDG_MR_REPORT);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_DF);
	assert_status(tdcall2(TDG_VP_VEINFO_GET, 0, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RCX], EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(gpr()[RDX], EPT_QUAL_READ);
	assert_int_equal(gpr()[R8], 0);
	assert_int_equal(gpr()[R9], shared);
	assert_int_equal(gpr()[R10], 4);
	root[0] = NPT_SUPPRESS_VE;
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x400, shared), EXIT_REASON_EPT_VIOLATION);
	assert_true(exited);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_READ);
	assert_int_equal(fixture.regs.r8, shared);
	root[0] = 0;
	/* Shared memory that the host lets the TD read only; then write. */
	uint64_t *pages = hpa_ptr(hpa(fixture_frame(PG_4K)));
	memset(pages, 0, MEM_PAGE_SIZE);
	uint64_t link = PTE_P | PTE_W | PTE_U;
	uint64_t page = fixture_frame(PG_4K);
	for (enum pg_level level = PG_512G; level > PG_4K; level--) {
		uint64_t *below = level == PG_2M ? pages : hpa_ptr(hpa(fixture_frame(PG_4K)));
		root[pt_index(shared & ~BIT64(47), level)] = ptr_hpa(below).v | link;
		root = below;
		memset(below, 0, MEM_PAGE_SIZE);
	}
	pages[0] = page | PTE_P | PTE_U | PTE_NX | NPT_SUPPRESS_VE;
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x400, shared + 64), TDX_SUCCESS);
	assert_status(tdcall2(TDG_MR_REPORT, shared + 0x400, DATA), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_WRITE | EPT_QUAL_READABLE);
	pages[0] |= PTE_W;
	assert_status(tdcall2(TDG_MR_REPORT, shared + 0x400, DATA), TDX_SUCCESS);
	const struct td_report *report = hpa_ptr(hpa(page + 0x400));
	assert_int_equal(report->type, 0x81);
	/* A pending page is the TD's own affair, unless it has said otherwise. */
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_SUCCESS);
	assert_status(tdcall2(TDG_MR_RTMR_EXTEND, ADDRESS + 64, 0), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_PENDING_EPT_VIOLATION);
	assert_int_equal(fixture.regs.r8, ADDRESS);
	vcpu()->td.tdcs->td_ctls = 0;
	assert_status(tdcall_of_td(TDG_SYS_RDALL, 0, ADDRESS, MD_NONE, 0, &exited), TDG_SYS_RDALL);
	assert_int_equal(gpr()[R8], MD_NONE);
	assert_status(tdcall2(TDG_VP_VEINFO_GET, 0, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RDX], EPT_QUAL_READ | EPT_QUAL_WRITE);
	assert_int_equal(gpr()[R9], ADDRESS);
}

/* --- measurement and metadata -------------------------------------------------------------- */

static void rtmr(void **state)
{
	(void)state;
	uint8_t *digest = hpa_ptr(hpa(data_page + 64));
	uint8_t expected[SHA384_SIZE] = { 0 };
	memset(digest, 0xA5, SHA384_SIZE);
	assert_status(tdcall2(TDG_MR_RTMR_EXTEND, DATA + 32, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(tdcall2(TDG_MR_RTMR_EXTEND, (DATA + 64) | BIT64(47), 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(tdcall2(TDG_MR_RTMR_EXTEND, DATA + 64, 4),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	/* The operand is looked up before the index. */
	assert_status(tdcall2(TDG_MR_RTMR_EXTEND, ADDRESS, 4), EXIT_REASON_EPT_VIOLATION);
	for (unsigned i = 0; i < 2; i++) {
		assert_status(tdcall2(TDG_MR_RTMR_EXTEND, DATA + 64, 2), TDX_SUCCESS);
		sha384_of(expected, sizeof(expected), digest, SHA384_SIZE, expected);
	}
	for (unsigned i = 0; i < 6; i++) {
		assert_status(tdcall2(TDG_VM_RD, 0, MD_TD_RTMR + 12 + i), TDX_SUCCESS);
		assert_memory_equal(&gpr()[R8], expected + 8 * i, 8);
	}
	vcpu()->td.tdcs->rtmr_lock = 1;
	assert_status(tdcall2(TDG_MR_RTMR_EXTEND, DATA + 64, 2),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RTMR);
	vcpu()->td.tdcs->rtmr_lock = 0;
}

static bool kick_pending(void)
{
	return true;
}

static void report(void **state)
{
	(void)state;
	memset(hpa_ptr(hpa(data_page)), 0x42, 64);
	assert_status(tdcall_of_td(TDG_MR_REPORT, DATA + 0x400, DATA, 1, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	/* Alignment of both operands, then the data, the subtype and the lock, the report last. */
	assert_status(tdcall_of_td(TDG_MR_REPORT, DATA + 0x200, DATA + 32, 1, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(tdcall_of_td(TDG_MR_REPORT, BIT64(52), DATA + 32, 1, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_status(tdcall_of_td(TDG_MR_REPORT, BIT64(52), ADDRESS, 1, 0, &exited),
		      EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_READ);
	assert_status(tdcall_of_td(TDG_MR_REPORT, BIT64(52), DATA, 1, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	vcpu()->td.tdcs->rtmr_lock = LOCK_HELD_EXCLUSIVE;
	assert_status(tdcall2(TDG_MR_REPORT, BIT64(52), DATA), TDX_OPERAND_BUSY | TDX_OPERAND_RTMR);
	vcpu()->td.tdcs->rtmr_lock = 0;
	assert_status(tdcall2(TDG_MR_REPORT, BIT64(52), DATA),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(tdcall2(TDG_MR_REPORT, ADDRESS, DATA), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_READ | EPT_QUAL_WRITE);
	assert_int_equal(vcpu()->td.tdcs->rtmr_lock, 0);
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x200, DATA),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x400, DATA + 32),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x400, DATA), TDX_SUCCESS);
	/* An interrupt of the host ends it without a report; the TD tries again. */
	struct td_report *r = hpa_ptr(hpa(data_page + 0x400));
	memset(r, 0, sizeof(*r));
	fixture.kicked = kick_pending;
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x400, DATA), TDG_MR_REPORT);
	fixture.kicked = NULL;
	assert_int_equal(r->type, 0);
	assert_int_equal(vcpu()->td.tdcs->rtmr_lock, 0);
	assert_status(tdcall2(TDG_MR_REPORT, DATA + 0x400, DATA), TDX_SUCCESS);
	uint8_t digest[SHA384_SIZE];
	assert_int_equal(r->type, 0x81);
	assert_memory_equal(r->report_data, hpa_ptr(hpa(data_page)), 64);
	assert_memory_equal(r->mrtd, module_measured.mrtd, SHA384_SIZE);
	sha384_of((uint8_t *)r + 512, 512, "", 0, digest);
	assert_memory_equal(r->tee_info_hash, digest, SHA384_SIZE);
	assert_status(tdcall2(TDG_MR_VERIFYREPORT, DATA + 0x400, 0), TDX_SUCCESS);
	assert_status(tdcall2(TDG_MR_VERIFYREPORT, DATA + 0x480, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(tdcall2(TDG_MR_VERIFYREPORT, (DATA + 0x400) | BIT64(47), 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	r->report_data[5] ^= 1;
	assert_status(tdcall2(TDG_MR_VERIFYREPORT, DATA + 0x400, 0), TDX_INVALID_REPORTMACSTRUCT);
	r->report_data[5] ^= 1;
	r->cpusvn[0] = 1;
	assert_status(tdcall2(TDG_MR_VERIFYREPORT, DATA + 0x400, 0), TDX_INVALID_CPUSVN);
	r->cpusvn[0] = 0;
	r->mac[31] ^= 0x80;
	assert_status(tdcall2(TDG_MR_VERIFYREPORT, DATA + 0x400, 0), TDX_INVALID_REPORTMACSTRUCT);
}

static void guest_fields(void **state)
{
	(void)state;
	/* Linux's spelling of NOTIFY_ENABLES has another size and context. */
	assert_status(tdcall_of_td(TDG_VM_WR, 0, 0x9100000000000010, 0, UINT64_MAX, &exited),
		      TDX_SUCCESS);
	assert_status(tdcall2(TDG_VM_RD, 0, MD_TD_CONFIG_FLAGS), TDX_SUCCESS);
	assert_int_equal(gpr()[R8], TD_CONFIG_FLAGS_NO_RBP_MOD);
	assert_int_equal(gpr()[RDX], MD_TD_CONFIG_FLAGS);
	assert_status(tdcall2(TDG_VM_RD, 1, MD_TD_CONFIG_FLAGS),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_int_equal(gpr()[R8], 0);
	assert_status(tdcall2(TDG_VM_RD, 0, MD_TD_EPTP), TDX_METADATA_FIELD_NOT_READABLE);
	assert_status(tdcall2(TDG_VM_RD, 0, MD_NONE), TDX_METADATA_FIELD_ID_INCORRECT);
	assert_status(tdcall2(TDG_VM_RD, 0, MD_NONE & ~MD_CONTEXT),
		      TDX_METADATA_FIELD_ID_INCORRECT);
	assert_status(tdcall2(TDG_VM_RD | BIT64(16), 0, MD_NONE),
		      TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT);
	assert_int_equal(gpr()[RDX], MD_TD_UUID);
	assert_status(tdcall2(TDG_VM_RD | BIT64(16), 0, MD_TD_UUID), TDX_SUCCESS);
	assert_int_equal(gpr()[RDX], MD_TD_UUID + 1);
	/* PENDING_VE_DISABLE may not change without FLEXIBLE_PENDING_VE. */
	assert_status(tdcall_of_td(TDG_VM_WR, 0, MD_TD_CTLS, 0, 1, &exited),
		      TDX_METADATA_FIELD_VALUE_NOT_VALID);
	assert_status(tdcall_of_td(TDG_VM_WR, 0, MD_TD_CTLS, 1, 1, &exited), TDX_SUCCESS);
	assert_int_equal(gpr()[R8], 1);
	assert_status(tdcall_of_td(TDG_VM_WR, 0, MD_TD_CTLS, 8, 8, &exited),
		      TDX_METADATA_FIELD_NOT_WRITABLE);
	/* A bit that cannot be written may be named as it is. */
	assert_status(tdcall_of_td(TDG_VM_WR, 0, MD_TD_CTLS, 9, 9, &exited),
		      TDX_METADATA_FIELD_VALUE_NOT_VALID);
	assert_int_equal(gpr()[R8], 0);
	assert_status(tdcall_of_td(TDG_VM_WR, 0, MD_TD_CTLS, 1, 9, &exited), TDX_SUCCESS);
	assert_status(tdcall_of_td(TDG_VM_WR, 0, MD_TD_ATTRIBUTES, 0, UINT64_MAX, &exited),
		      TDX_METADATA_FIELD_NOT_WRITABLE);
	struct td_params *params = fixture_params();
	params->config_flags |= TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE;
	make_td(params);
	assert_status(tdcall_of_td(TDG_VM_WR, 0, MD_TD_CTLS, 0, 1, &exited), TDX_SUCCESS);
	assert_int_equal(vcpu()->td.tdcs->td_ctls, 0);

	assert_status(tdcall2(TDG_VP_RD, 0, MD_VP_VCPU_INDEX), TDX_SUCCESS);
	assert_int_equal(gpr()[RDX], MD_VP_CPUID_SUPERVISOR_VE);
	assert_status(tdcall_of_td(TDG_VP_RD, 1, MD_VP_VCPU_INDEX, 77, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_int_equal(gpr()[RDX], MD_NONE);
	assert_int_equal(gpr()[R8], 0);
	/* No field of any context. */
	assert_status(tdcall2(TDG_VP_RD, 0, MD_NONE & ~MD_CONTEXT),
		      TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT);
	assert_int_equal(gpr()[RDX], MD_VP_VCPU_INDEX);
	assert_status(tdcall_of_td(TDG_VP_WR, 1, MD_VP_CPUID_USER_VE, 1, 1, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_int_equal(gpr()[R8], 0);
	assert_status(tdcall_of_td(TDG_VP_WR, 0, MD_VP_VCPU_INDEX, 1, 1, &exited),
		      TDX_METADATA_FIELD_NOT_WRITABLE);
	assert_status(tdcall_of_td(TDG_VP_WR, 0, MD_VP_CPUID_USER_VE, 1, 1, &exited), TDX_SUCCESS);
	assert_int_equal(vcpu()->cpuid_user_ve, 1);
	assert_status(tdcall2(TDG_SYS_RD, 0, MD_NONE), TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT);
	assert_int_equal(gpr()[RDX], MD_SYS_VENDOR_ID);
	assert_status(tdcall2(TDG_SYS_RD, 0, MD_SYS_VENDOR_ID), TDX_SUCCESS);
	assert_int_equal(gpr()[R8], 0x8086);
	assert_int_equal(gpr()[RDX], MD_SYS_MINOR_VERSION);
}

/* The fields that a TD may read: those that follow each other are one sequence, whose header says
 * how many more than one they are. */
static void list_of_fields(void **state)
{
	(void)state;
	const uint64_t expected[] = {
		MD_SYS_VENDOR_ID,
		0x8086,
		MD_SYS_MINOR_VERSION | field_put(MD_LAST_FIELD, 1),
		5,
		1,
		MD_SYS_ATTRIBUTES,
		0,
		MD_SYS_NUM_TDX_FEATURES,
		1,
		MD_SYS_TDX_FEATURES0,
	};
	uint64_t *list = hpa_ptr(hpa(data_page));
	assert_status(tdcall_of_td(TDG_SYS_RDALL, 0, DATA, MD_NONE, 0, &exited), TDX_SUCCESS);
	assert_int_equal(gpr()[R8], MD_NONE);
	assert_status(tdcall_of_td(TDG_SYS_RDALL, 0, DATA, MD_NONE & ~MD_CONTEXT, 0, &exited),
		      TDX_SUCCESS);
	assert_int_equal(gpr()[R8], MD_NONE);
	assert_int_equal(list[0], (8 + 20 * 8) | 8 << 16);
	assert_memory_equal(&list[1], expected, sizeof(expected));
	assert_status(tdcall_of_td(TDG_SYS_RDALL, 0, DATA, MD_SYS_TDX_FEATURES0, 0, &exited),
		      TDX_SUCCESS);
	assert_int_equal(list[0], (8 + 11 * 8) | 4 << 16);
	assert_status(tdcall_of_td(TDG_SYS_RDALL, 0, DATA, MD_TD_XFAM, 0, &exited),
		      TDX_METADATA_FIELD_ID_INCORRECT);
	assert_status(tdcall_of_td(TDG_SYS_RDALL, 0, DATA + 8, MD_NONE, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_status(tdcall_of_td(TDG_SYS_RDALL, 0, DATA | BIT64(47), MD_NONE, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tdcall_conditions, setup),
		cmocka_unit_test_setup(unknown_leaves, setup),
		cmocka_unit_test_setup(hardware_oracles, setup),
		cmocka_unit_test_setup(operands_without_memory, setup),
		cmocka_unit_test_setup(rtmr, setup),
		cmocka_unit_test_setup(report, setup),
		cmocka_unit_test_setup(guest_fields, setup),
		cmocka_unit_test_setup(list_of_fields, setup),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
