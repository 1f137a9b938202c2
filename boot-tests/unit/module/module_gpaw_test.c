// Tests of the TDX module with guest physical addresses of 52 bits, and Secure EPTs of 5 levels.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

#define LEVELS_4 0x1E
#define LEVELS_5 0x26
#define KICKED (TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT)
/* Private with GPAW 52 only: above bit 47, and bit 47 itself. */
#define HIGH (5 * BIT64(48) | BIT64(47) | UINT64_C(0x40000000))
#define INVALID_RCX (TDX_OPERAND_INVALID | TDX_OPERAND_RCX)

static bool exited;

static const uint64_t *nested_root(void)
{
	return hpa_ptr(hpa(fixture_svm()->vmcb->control.n_cr3));
}

static int load(void **state)
{
	(void)fixture_load(state);
	fixture.nested_top = PG_256T;
	return 0;
}

static struct td_params *params_of(uint64_t eptp_controls, uint64_t flags)
{
	struct td_params *params = fixture_params();
	params->eptp_controls = eptp_controls;
	params->config_flags |= flags;
	return params;
}

static void make_td(uint64_t eptp_controls, uint64_t flags)
{
	fixture_init(params_of(eptp_controls, flags));
	fixture_vcpus();
}

static uint64_t sept_add(uint64_t operand)
{
	return call(TDH_MEM_SEPT_ADD, operand, fixture.tdr, fixture_frame(PG_4K), 0);
}

/* All tables for the 2 MiB at address, from the level of the root's entries on. */
static void tables(uint64_t address, enum pg_level top)
{
	for (enum pg_level level = top; level >= PG_2M; level--) {
		assert_status(sept_add(align_down(address, pg_size(level)) | level), TDX_SUCCESS);
	}
}

static void kick(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	svm->vmcb->control.exitcode = VMEXIT_NMI;
}

static uint64_t fault_gpa;

static void npf(struct svm_vcpu *svm, unsigned run)
{
	svm->vmcb->control.exitcode = run == 0 ? VMEXIT_NPF : VMEXIT_NMI;
	svm->vmcb->control.exitinfo1 = NPF_FINAL;
	svm->vmcb->control.exitinfo2 = fault_gpa;
}

static uint64_t fault(uint64_t gpa_raw)
{
	fault_gpa = gpa_raw;
	return enter(npf);
}

static uint64_t tdcall1(uint64_t rax, uint64_t rcx)
{
	return tdcall_of_td(rax, rcx, 0, 0, 0, &exited);
}

/* 4 or 5 levels with GPAW 48; GPAW 52 with 5 only. */
static void geometries(void **state)
{
	(void)state;
	static const struct {
		uint64_t eptp_controls, flags;
		bool valid;
	} cases[] = {
		{ LEVELS_4, 0, true },
		{ LEVELS_5, 0, true },
		{ LEVELS_4, TD_CONFIG_FLAGS_GPAW, false },
		{ LEVELS_5, TD_CONFIG_FLAGS_GPAW, true },
		{ 0x2E, 0, false },
		{ 0x2E, TD_CONFIG_FLAGS_GPAW, false },
		{ LEVELS_5 | BIT64(6), TD_CONFIG_FLAGS_GPAW, false },
		{ LEVELS_5 | BIT64(12), TD_CONFIG_FLAGS_GPAW, false },
		{ 0x20, TD_CONFIG_FLAGS_GPAW, false },
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		fixture_create();
		const struct td_params *params = params_of(cases[i].eptp_controls, cases[i].flags);
		assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v, 0, 0),
			      cases[i].valid ? TDX_SUCCESS :
					       TDX_OPERAND_INVALID | TDX_OPERAND_EPTP_CONTROLS);
	}
	/* And only where the platform has 5 levels. */
	fixture.nested_top = PG_512G;
	fixture_create();
	assert_status(call(TDH_MNG_INIT, fixture.tdr,
			   ptr_hpa(params_of(LEVELS_5, TD_CONFIG_FLAGS_GPAW)).v, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_EPTP_CONTROLS);
	fixture.nested_top = PG_256T;
}

static void td_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		make_td(LEVELS_5, i == 1 ? TD_CONFIG_FLAGS_GPAW : 0);
		fixture_finalize();
		assert_status(enter(kick), KICKED);
		assert_int_equal(gpr()[RBX], i == 1 ? 52 : 48);
		assert_status(tdcall1(TDG_VP_INFO, 0), TDX_SUCCESS);
		assert_int_equal(gpr()[RCX], i == 1 ? 52 : 48);
		assert_status(tdcall_of_td(TDG_VM_RD, 0, MD_TD_GPAW, 0, 0, &exited), TDX_SUCCESS);
		assert_int_equal(gpr()[R8], i);
	}
}

static void operands_of_52_bits(void **state)
{
	(void)state;
	make_td(LEVELS_5, TD_CONFIG_FLAGS_GPAW);
	static const uint64_t bad[] = {
		5,
		7,                   /* there is no such level */
		BIT64(47) | PG_256T, /* not aligned to 256 TiB */
		BIT64(51) | PG_256T, /* SHARED */
		BIT64(51) | PG_2M,
		BIT64(52) | PG_256T,
	};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_status(sept_add(bad[i]), INVALID_RCX);
	}
	/* From the new root down only. */
	assert_status(sept_add(align_down(HIGH, pg_size(PG_512G)) | PG_512G),
		      TDX_EPT_WALK_FAILED | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_256T | TDX_SEPT_FREE << 8);
	tables(HIGH, PG_256T);
	/* [host-side.md 3.7, row SEPT.RD] A table, and an entry that is free. */
	assert_status(call(TDH_MEM_SEPT_RD, align_down(HIGH, pg_size(PG_256T)) | PG_256T,
			   fixture.tdr, 0, 0),
		      TDX_SUCCESS);
	assert_int_equal(fixture.regs.rdx, 0x8404);
	assert_status(call(TDH_MEM_SEPT_RD, PG_256T, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, BIT64(63));
	assert_int_equal(fixture.regs.rdx, 4);
	uint64_t page = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_ADD, HIGH, fixture.tdr, page, fixture_frame(PG_4K)),
		      TDX_SUCCESS);
	fixture_finalize();
	assert_status(tdcall1(TDG_MEM_PAGE_ACCEPT, HIGH), TDX_PAGE_ALREADY_ACCEPTED);
	assert_status(tdcall1(TDG_MEM_PAGE_ACCEPT, HIGH | BIT64(51)), INVALID_RCX);
	/* Operands of other TDCALLs: private below bit 51, shared above. */
	assert_status(tdcall1(TDG_MR_RTMR_EXTEND, HIGH), TDX_SUCCESS);
	assert_status(tdcall1(TDG_MR_RTMR_EXTEND, HIGH | BIT64(51)), INVALID_RCX);
	assert_status(tdcall1(TDG_MR_RTMR_EXTEND, HIGH | BIT64(52)), INVALID_RCX);
}

/* The SHARED bit divides the root: 8 entries and 8 entries. */
static void seam_in_the_root(void **state)
{
	(void)state;
	make_td(LEVELS_5, TD_CONFIG_FLAGS_GPAW);
	tables(HIGH, PG_256T);
	fixture_finalize();
	uint64_t *shared = hpa_ptr(hpa(fixture.shared_root));
	shared[0] = 0x1000007;
	shared[7] = 0x7000007;
	shared[8] = 0x8000007; /* of no GPA */
	assert_status(enter(kick), KICKED);
	const uint64_t *sept = vcpu()->td.tdcs->sept_root.table;
	assert_true(sept[5] & PTE_P);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(nested_root()[i], sept[i]);
		assert_int_equal(nested_root()[8 + i], shared[i]);
	}
	for (unsigned i = 16; i < PT_ENTRIES; i++) {
		assert_int_equal(nested_root()[i], 0);
	}
	/* A new entry of the root is seen at the next entry. */
	assert_status(sept_add(3 * BIT64(48) | PG_256T), TDX_SUCCESS);
	assert_false(nested_root()[3] & PTE_P);
	assert_status(enter(kick), KICKED);
	assert_true(nested_root()[3] & PTE_P);
}

static void violations_by_bit_51(void **state)
{
	(void)state;
	make_td(LEVELS_5, TD_CONFIG_FLAGS_GPAW);
	tables(HIGH, PG_256T);
	fixture_finalize();
	assert_status(fault(HIGH + 0x1234), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.r8, HIGH + 0x1000);
	assert_status(call(TDH_MEM_PAGE_AUG, HIGH, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_SUCCESS);
	assert_status(fault(HIGH), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_PENDING_EPT_VIOLATION);
	/* A device; then shared memory that the host has yet to map: a walk of 5 levels. */
	assert_status(fault(BIT64(51) | 0xFEC00010), KICKED);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_VE);
	assert_status(tdcall1(TDG_VP_VEINFO_GET, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[R9], BIT64(51) | 0xFEC00010);
	uint64_t *shared = hpa_ptr(hpa(fixture.shared_root));
	uint64_t *below = hpa_ptr(hpa(fixture_frame(PG_4K)));
	memset(below, 0, MEM_PAGE_SIZE);
	shared[0] = ptr_hpa(below).v | PTE_P | PTE_W | PTE_U;
	below[0] = NPT_SUPPRESS_VE;
	assert_status(fault(BIT64(51) | 0xFEC00010), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.r8, BIT64(51) | 0xFEC00000);
}

/* 5 levels with GPAW 48: the SHARED bit divides the table below the root. */
static void seam_below_the_root(void **state)
{
	(void)state;
	make_td(LEVELS_5, 0);
	assert_status(sept_add(BIT64(48) | PG_256T), INVALID_RCX);
	assert_status(sept_add(BIT64(47) | PG_512G), INVALID_RCX);
	tables(0x40000000, PG_256T);
	fixture_finalize();
	uint64_t *shared = hpa_ptr(hpa(fixture.shared_root));
	uint64_t *below = hpa_ptr(hpa(fixture_frame(PG_4K)));
	memset(below, 0, MEM_PAGE_SIZE);
	below[3] = 0x3000007;
	assert_status(enter(kick), KICKED);
	const uint64_t *seam = hpa_ptr(hpa(nested_root()[0] & PTE_ADDRESS));
	for (unsigned i = 1; i < PT_ENTRIES; i++) {
		assert_int_equal(nested_root()[i], 0);
	}
	assert_true(seam[0] & PTE_P);
	assert_int_equal(seam[256 + 3], 0);
	shared[0] = ptr_hpa(below).v | PTE_P | PTE_W | PTE_U;
	assert_status(sept_add(2 * pg_size(PG_512G) | PG_512G), TDX_SUCCESS);
	assert_status(enter(kick), KICKED);
	assert_int_equal(seam[256 + 3], 0x3000007);
	assert_true(seam[2] & PTE_P);
	/* The one entry of the root is blocked: nothing private is left. */
	assert_status(call(TDH_MEM_RANGE_BLOCK, PG_256T, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(enter(kick), KICKED);
	assert_int_equal(seam[0] | seam[2], 0);
	assert_int_equal(seam[256 + 3], 0x3000007);
	/* An address above GPAW, which the CPU does not refuse. */
	gpr()[RBX] = BIT64(48);
	static const uint8_t mov_eax_rbx[] = { 0x8B, 0x03 };
	memcpy(fixture.code, mov_eax_rbx, sizeof(mov_eax_rbx));
	fixture_svm()->vmcb->save.efer |= EFER_LMA;
	fixture_svm()->vmcb->save.cs.attrib = VMCB_ATTRIB_CODE64;
	assert_status(fault(BIT64(48)), KICKED);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_PF);
}

/* A TD of 4 levels on a machine of 5. */
static void seam_of_4_levels(void **state)
{
	(void)state;
	make_td(LEVELS_4, 0);
	assert_status(sept_add(PG_256T), INVALID_RCX);
	tables(0x40000000, PG_512G);
	fixture_finalize();
	uint64_t *shared = hpa_ptr(hpa(fixture.shared_root));
	shared[255] = 0x3000007;
	assert_status(enter(kick), KICKED);
	const uint64_t *seam = hpa_ptr(hpa(nested_root()[0] & PTE_ADDRESS));
	assert_int_equal(seam[0], vcpu()->td.tdcs->sept_root.table[0]);
	assert_int_equal(seam[511], 0x3000007);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(geometries),           cmocka_unit_test(td_is_told),
		cmocka_unit_test(operands_of_52_bits),  cmocka_unit_test(seam_in_the_root),
		cmocka_unit_test(violations_by_bit_51), cmocka_unit_test(seam_below_the_root),
		cmocka_unit_test(seam_of_4_levels),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
