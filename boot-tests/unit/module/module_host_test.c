// Tests of the TDX module from the host's side: SEAMCALLs, their order, errors and effects.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)

static void leaf_numbers_and_versions(void **state)
{
	(void)state;
	uint64_t invalid = TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	assert_status(call(TDH_LEAF_COUNT, 0, 0, 0, 0), invalid);
	assert_status(call(0xFFFF, 0, 0, 0, 0), invalid);
	assert_status(call(42, 0, 0, 0, 0), invalid);
	assert_status(call(TDH_MNG_CREATE | BIT64(24), 0, 0, 0, 0), invalid);
	assert_status(call(TDH_MNG_CREATE | BIT64(63), 0, 0, 0, 0), invalid);
	assert_status(call(TDH_MNG_CREATE | BIT64(16), 0, 0, 0, 0), invalid);
	/* Those that only old hosts call do nothing. */
	assert_status(call(TDH_MNG_KEY_RECLAIMID, 1, 2, 3, 4), TDX_SUCCESS);
	assert_status(call(TDH_SYS_LP_SHUTDOWN, 1, 2, 3, 4), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, 1);
	/* A leaf with versions looks itself, with its outputs set. */
	assert_status(call(TDH_MNG_RD | field_put(TDX_VERSION, 2), 0, 5, 5, 0), invalid);
	assert_int_equal(fixture.regs.rdx, MD_NONE);
	assert_int_equal(fixture.regs.r8, 0);
	assert_status(call(TDH_MNG_WR | field_put(TDX_VERSION, 1), 0, 5, 5, 0), invalid);
	assert_int_equal(fixture.regs.r8, 5);
}

/* A call that fails before its leaf begins has its outputs, too. */
static void outputs_of_failures(void **state)
{
	(void)state;
	uint64_t free_page = fixture_frame(PG_4K);
	uint64_t wrong = TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX;
	static const struct {
		uint64_t rax;
		bool rcx, rdx, r8; /* is 0 then; else it keeps its value */
	} cases[] = {
		{ TDH_MNG_INIT, true, false, false },
		{ TDH_MNG_RD, false, false, true },
		{ TDH_MNG_WR, false, false, true },
		{ TDH_VP_RD, false, false, true },
		{ TDH_VP_WR, false, false, true },
		{ TDH_VP_INIT, false, false, false },
		{ TDH_VP_FLUSH, false, false, false },
		{ TDH_MR_FINALIZE, false, false, false },
		{ TDH_PHYMEM_PAGE_RECLAIM, true, true, true },
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_status(call(cases[i].rax, free_page, 6, 7, 8), wrong);
		assert_int_equal(fixture.regs.rcx, cases[i].rcx ? 0 : free_page);
		assert_int_equal(fixture.regs.rdx, cases[i].rdx ? 0 : 6);
		assert_int_equal(fixture.regs.r8, cases[i].r8 ? 0 : 7);
	}
	uint64_t version_1 = field_put(TDX_VERSION, 1);
	assert_status(call(TDH_MNG_RD | version_1, free_page, 6, 7, 8), wrong);
	assert_int_equal(fixture.regs.rdx, MD_NONE);
	assert_status(call(TDH_VP_RD | version_1, free_page, 6, 7, 8), wrong);
	assert_int_equal(fixture.regs.rdx, MD_NONE);
}

static void create_checks_page_and_key(void **state)
{
	(void)state;
	uint64_t page = fixture_frame(PG_4K);
	uint64_t other = fixture_frame(PG_4K);
	uint64_t hkid = MODULE_HKID_BASE + MODULE_HKID_COUNT - 1;
	uint64_t reserved = TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX;
	assert_status(call(TDH_MNG_CREATE, TDX_TDMR_ALIGN, hkid, 0, 0),
		      TDX_OPERAND_ADDR_RANGE_ERROR | TDX_OPERAND_RCX);
	assert_status(call(TDH_MNG_CREATE, page + 8, hkid, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(TDH_MNG_CREATE, page | BIT64(48), hkid, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(TDH_MNG_CREATE, fixture.end, hkid, 0, 0), reserved);
	assert_status(call(TDH_MNG_CREATE, fixture.base, hkid, 0, 0), reserved);
	assert_status(call(TDH_MNG_CREATE, page, hkid + 1, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_status(call(TDH_MNG_CREATE, page, MODULE_HKID_BASE - 1, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_status(call(TDH_MNG_CREATE, page, MODULE_HKID_BASE, 0, 0), TDX_HKID_NOT_FREE);
	assert_status(call(TDH_MNG_CREATE, page, hkid, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_CREATE, page, hkid - 1, 0, 0),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MNG_CREATE, other, hkid, 0, 0), TDX_HKID_NOT_FREE);
	assert_status(call(TDH_PHYMEM_PAGE_RDMD, page, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_TDR);
	assert_status(call(TDH_PHYMEM_PAGE_RDMD, other, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_NDA);
}

static void build_order(void **state)
{
	(void)state;
	uint64_t tdr = fixture_frame(PG_4K);
	uint64_t page = fixture_frame(PG_4K);
	uint64_t params = ptr_hpa(fixture_params()).v;
	assert_status(call(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MNG_CREATE, tdr, MODULE_HKID_BASE + 20, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_ADDCX, page, tdr, 0, 0), TDX_TD_KEYS_NOT_CONFIGURED);
	assert_status(call(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0), TDX_LIFECYCLE_STATE_INCORRECT);
	for (unsigned i = 0; i < TDX_TDCS_PAGES; i++) {
		assert_status(call(TDH_MNG_INIT, tdr, params, 0, 0), TDX_TDCS_NOT_ALLOCATED);
		assert_status(call(TDH_MNG_ADDCX, fixture_frame(PG_4K), tdr, 0, 0), TDX_SUCCESS);
	}
	/* Pages for L2 VMs: a host may add them and not use them. */
	for (unsigned i = TDX_TDCS_PAGES; i < TDX_TDCS_PAGES_MAX - 1; i++) {
		assert_status(call(TDH_MNG_ADDCX, fixture_frame(PG_4K), tdr, 0, 0), TDX_SUCCESS);
	}
	assert_status(call(TDH_VP_CREATE, page, tdr, 0, 0), TDX_OP_STATE_INCORRECT);
	assert_status(call(TDH_MNG_INIT, tdr, params, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_INIT, tdr, params, 0, 0), TDX_OP_STATE_INCORRECT);
	assert_status(call(TDH_MNG_ADDCX, page + 8, tdr, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(TDH_MNG_ADDCX, page, tdr, 0, 0), TDX_OP_STATE_INCORRECT);
	assert_status(call(TDH_MR_FINALIZE, tdr, 0, 0, 0), TDX_NO_VCPUS);
	assert_status(call(TDH_VP_CREATE, tdr, tdr, 0, 0), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	assert_status(call(TDH_VP_CREATE, page, tdr, 0, 0), TDX_SUCCESS);
	static const uint64_t leaves[] = { TDH_VP_INIT, TDH_VP_RD, TDH_VP_WR, TDH_VP_FLUSH };
	for (unsigned i = 1; i < TDX_TDVPS_PAGES; i++) {
		for (unsigned j = 0; j < ARRAY_COUNT(leaves); j++) {
			assert_status(call(leaves[j], page, 0, 0, 0), TDX_TDCX_NUM_INCORRECT);
		}
		assert_status(call(TDH_VP_ADDCX, fixture_frame(PG_4K), page, 0, 0), TDX_SUCCESS);
	}
	/* All pages, but TDH.VP.INIT is still to come: no CPU can have it. */
	assert_status(call(TDH_VP_RD, page, 0, 0, 0), TDX_VCPU_STATE_INCORRECT);
	assert_status(call(TDH_VP_WR, page, 0, 0, 0), TDX_VCPU_STATE_INCORRECT);
	assert_status(call(TDH_VP_FLUSH, page, 0, 0, 0), TDX_VCPU_NOT_ASSOCIATED);
	assert_status(call(TDH_VP_ENTER, page, 0, 0, 0), TDX_OP_STATE_INCORRECT);
}

static void params_are_checked(void **state)
{
	(void)state;
	fixture_create();
	static const struct {
		size_t offset;
		unsigned size;
		uint64_t value;
		uint64_t operand;
	} cases[] = {
		{ 0x00, 8, BIT64(1), TDX_OPERAND_ATTRIBUTES },
		{ 0x00, 8, TD_ATTRIBUTES_MIGRATABLE, TDX_OPERAND_ATTRIBUTES },
		{ 0x08, 8, 1, TDX_OPERAND_XFAM },
		{ 0x08, 8, 3 | BIT64(3), TDX_OPERAND_XFAM },
		{ 0x08, 8, 3 | BIT64(63), TDX_OPERAND_XFAM },
		{ 0x10, 2, 0, TDX_OPERAND_MAX_VCPUS },
		{ 0x10, 2, TD_MAX_VCPUS + 1, TDX_OPERAND_MAX_VCPUS },
		{ 0x12, 1, 1, TDX_OPERAND_NUM_L2_VMS },
		{ 0x12, 1, 4, TDX_OPERAND_NUM_L2_VMS },
		{ 0x13, 1, 2, TDX_OPERAND_RDX },
		{ 0x14, 4, 1, TDX_OPERAND_RDX },
		{ 0x18, 8, 0x26, TDX_OPERAND_EPTP_CONTROLS }, /* no 5 levels on this platform */
		{ 0x18, 8, 0x16, TDX_OPERAND_EPTP_CONTROLS },
		{ 0x18, 8, 0x5E, TDX_OPERAND_EPTP_CONTROLS },
		{ 0x18, 8, 0x1F, TDX_OPERAND_EPTP_CONTROLS },
		{ 0x18, 8, 0x101E, TDX_OPERAND_EPTP_CONTROLS },
		{ 0x18, 8, 0x18, TDX_OPERAND_EPTP_CONTROLS },
		{ 0x20, 8, TD_CONFIG_FLAGS_GPAW, TDX_OPERAND_EPTP_CONTROLS },
		{ 0x20, 8, BIT64(3), TDX_OPERAND_EXEC_CONTROLS },
		{ 0x28, 2, 3, TDX_OPERAND_TSC_FREQUENCY },
		{ 0x28, 2, 401, TDX_OPERAND_TSC_FREQUENCY },
		{ 0x2A, 1, 1, TDX_OPERAND_RDX },
		{ 0xE8, 1, 1, TDX_OPERAND_RDX },
		{ 0x100 + 16 * CPUID_CONFIG_LEAVES, 1, 1, TDX_OPERAND_RDX },
		{ 0x3FF, 1, 1, TDX_OPERAND_RDX },
		{ 0xE0, 8, BIT64(4), TDX_OPERAND_ARCH_CAPABILITIES_CONFIG }, /* not announced */
		{ 0xE0, 8, BIT64(0), TDX_OPERAND_ARCH_CAPABILITIES_CONFIG },
	};
	/* Two faults at once: the one that is looked at first. */
	static const struct {
		size_t first, second;
		uint64_t operand;
	} pairs[] = {
		{ 0x00, 0x08, TDX_OPERAND_ATTRIBUTES },
		{ 0x08, 0x11, TDX_OPERAND_XFAM },
		{ 0x11, 0x12, TDX_OPERAND_MAX_VCPUS },
		{ 0x12, 0x14, TDX_OPERAND_NUM_L2_VMS },
		{ 0x14, 0x27, TDX_OPERAND_RDX },
		{ 0x27, 0x1F, TDX_OPERAND_EXEC_CONTROLS },
		{ 0x1F, 0x29, TDX_OPERAND_EPTP_CONTROLS },
		{ 0x29, 0x2A, TDX_OPERAND_TSC_FREQUENCY },
		{ 0x2A, 0x100, TDX_OPERAND_RDX },
		{ 0x13, 0x100, TDX_OPERAND_RDX },
		{ 0x100, 0x3FF, TDX_OPERAND_CPUID_CONFIG },
		{ 0x3FF, 0xE1, TDX_OPERAND_RDX },
	};
	struct td_params *params = fixture_params();
	struct td_params good = *params;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		*params = good;
		memcpy((uint8_t *)params + cases[i].offset, &cases[i].value, cases[i].size);
		assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v, 0, 0),
			      TDX_OPERAND_INVALID | cases[i].operand);
	}
	for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
		*params = good;
		((uint8_t *)params)[pairs[i].first] |= 0x82;
		((uint8_t *)params)[pairs[i].second] |= 0x82;
		assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v, 0, 0),
			      TDX_OPERAND_INVALID | pairs[i].operand);
	}
	*params = good;
	/* Nothing of them is left. */
	struct tdr *tdr = hpa_ptr(hpa(fixture.tdr));
	static const uint8_t zero[sizeof(struct cpuid_values)];
	assert_memory_equal(hpa_ptr(tdr->tdcx[2]), zero, sizeof(zero));
	assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v + 512, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	/* A key id of the host's is none of the module's business, a private one is. */
	assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v | BIT64(47), 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	params->msr_config_ctls = 1;
	params->arch_capabilities = BIT64(4) | BIT64(19) | BIT64(24);
	assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v | BIT64(42), 0, 0),
		      TDX_SUCCESS);
	assert_int_equal(((struct tdcs *)hpa_ptr(tdr->tdcx[0]))->arch_capabilities &
				 (BIT64(4) | BIT64(19) | BIT64(24)),
			 BIT64(19));
}

static void vcpu_ids_and_count(void **state)
{
	(void)state;
	uint64_t init_v1 = TDH_VP_INIT | field_put(TDX_VERSION, 1);
	fixture_init(fixture_params());
	uint64_t tdvpr[FIXTURE_VCPUS + 1];
	for (unsigned i = 0; i < FIXTURE_VCPUS + 1; i++) {
		tdvpr[i] = fixture_frame(PG_4K);
		assert_status(call(TDH_VP_CREATE, tdvpr[i], fixture.tdr, 0, 0), TDX_SUCCESS);
		for (unsigned j = 1; j < TDX_TDVPS_PAGES; j++) {
			assert_status(call(TDH_VP_ADDCX, fixture_frame(PG_4K), tdvpr[i], 0, 0),
				      TDX_SUCCESS);
		}
		for (unsigned j = TDX_TDVPS_PAGES; j < TDX_TDVPS_PAGES_MAX && i == 0; j++) {
			assert_status(call(TDH_VP_ADDCX, fixture_frame(PG_4K), tdvpr[i], 0, 0),
				      TDX_SUCCESS);
		}
	}
	assert_status(call(TDH_VP_ADDCX, fixture_frame(PG_4K), tdvpr[0], 0, 0),
		      TDX_TDCX_NUM_INCORRECT);
	assert_status(call(init_v1, tdvpr[0], 0, BIT64(32), 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	assert_status(call(init_v1, tdvpr[0], 0, 7, 0), TDX_SUCCESS);
	assert_status(call(init_v1, tdvpr[0], 0, 8, 0), TDX_VCPU_STATE_INCORRECT);
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_NUM_VCPUS, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, 1);
	assert_status(call(init_v1, tdvpr[1], 0, 9, 0), TDX_SUCCESS);
	assert_status(call(init_v1, tdvpr[2], 0, 10, 0), TDX_MAX_VCPUS_EXCEEDED);
	assert_status(call(TDH_VP_RD, tdvpr[1], MD_VP_VCPU_INDEX, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, 1);
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_NUM_VCPUS, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, 2);
}

static void association(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture.cpu = 1;
	assert_status(call(TDH_VP_RD, fixture.tdvpr[0], MD_VP_VCPU_INDEX, 0, 0),
		      TDX_VCPU_ASSOCIATED);
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0, 0), TDX_VCPU_NOT_ASSOCIATED);
	fixture.cpu = 0;
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0, 0), TDX_VCPU_NOT_ASSOCIATED);
	fixture.cpu = 1;
	assert_status(call(TDH_VP_RD, fixture.tdvpr[0], MD_VP_VCPU_INDEX, 0, 0), TDX_SUCCESS);
}

static void gpa_operands(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	static const uint64_t bad[] = {
		0, /* level 0 is no table */
		4, /* there is no level 5 entry in 4 levels */
		7,
		1 | 0x1000, /* not aligned to 2 MiB */
		1 | 8,
		1 | BIT64(52),
		1 | BIT64(63),
		1 | BIT64(47), /* SHARED */
		1 | BIT64(48),
	};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_status(call(TDH_MEM_SEPT_ADD, bad[i], fixture.tdr, fixture_frame(PG_4K), 0),
			      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	}
	/* From the root down only. */
	assert_status(call(TDH_MEM_SEPT_ADD, ADDRESS | PG_2M, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_EPT_WALK_FAILED | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_512G | TDX_SEPT_FREE << 8);
	fixture_tables(ADDRESS);
	uint64_t spare = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_SEPT_ADD, ADDRESS | PG_2M, fixture.tdr, spare, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_2M | TDX_SEPT_NL_MAPPED << 8);
	assert_status(call(TDH_MEM_SEPT_ADD, ADDRESS | PG_2M,
			   fixture.tdr | TDX_SEPT_ADD_ALLOW_EXISTING, spare, 0),
		      TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_PAGE_RDMD, spare, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_NDA);
}

static void add_and_augment(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t source = fixture_frame(PG_4K);
	uint64_t page = fixture_frame(PG_4K);
	memset(hpa_ptr(hpa(source)), 0x5A, 4096);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, page, source + 1),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R9);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS | PG_2M, fixture.tdr, page, source),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, fixture.tdr, source),
		      TDX_OPERAND_BUSY | TDX_OPERAND_R8);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, fixture.tdvpr[0], source),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_R8);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, page, source), TDX_SUCCESS);
	assert_memory_equal(hpa_ptr(hpa(page)), hpa_ptr(hpa(source)), 4096);
	/* One page, one owner; one address, one page. */
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS + 0x1000, fixture.tdr, page, source),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_R8);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, fixture_frame(PG_4K), source),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_4K | TDX_SEPT_MAPPED << 8);
	assert_int_equal(fixture.regs.rcx & PTE_ADDRESS, page);
	assert_status(call(TDH_PHYMEM_PAGE_RDMD, page, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_REG);
	assert_int_equal(fixture.regs.rdx, fixture.tdr);

	/* A 2 MiB page has to be free as a whole, and has no place where a table hangs. */
	uint64_t large = fixture_frame(PG_2M);
	assert_status(call(TDH_MEM_PAGE_AUG, (ADDRESS + 0x200000) | PG_2M, fixture.tdr,
			   large + 0x1000, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS + 0x1000, fixture.tdr, large + 0x5000, 0),
		      TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_AUG, (ADDRESS + 0x200000) | PG_2M, fixture.tdr, large, 0),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_R8);
	large = fixture_frame(PG_2M);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS | PG_2M, fixture.tdr, large, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_PAGE_AUG, (ADDRESS + 0x200000) | PG_2M, fixture.tdr, large, 0),
		      TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_PAGE_RDMD, large + 0x1FF000, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_REG);
	assert_int_equal(fixture.regs.r8, PG_2M);
	assert_status(
		call(TDH_MEM_PAGE_AUG, ADDRESS + 0x200000, fixture.tdr, fixture_frame(PG_4K), 0),
		TDX_EPT_WALK_FAILED | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_2M | TDX_SEPT_PENDING << 8);
	assert_status(call(TDH_MEM_SEPT_RD, (ADDRESS + 0x200000) | PG_2M, fixture.tdr, 0, 0),
		      TDX_SUCCESS);
	assert_int_equal(fixture.regs.rdx, PG_2M | TDX_SEPT_PENDING << 8);
	assert_int_equal(fixture.regs.rcx & (PTE_ADDRESS | 7), large);
}

/* Block, track, remove; before the TD can run, none of that is needed. */
static void removal(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t page[4];
	for (unsigned i = 0; i < 4; i++) {
		page[i] = fixture_frame(PG_4K);
		assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS + 0x1000 * i, fixture.tdr, page[i], 0),
			      TDX_SUCCESS);
	}
	assert_status(call(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, page[0]);
	assert_status(call(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_RANGE_BLOCK, ADDRESS, fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	fixture_finalize();
	uint64_t gpa = ADDRESS + 0x1000;
	assert_status(call(TDH_MEM_PAGE_REMOVE, gpa, fixture.tdr, 0, 0),
		      TDX_GPA_RANGE_NOT_BLOCKED | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_RANGE_BLOCK, gpa, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_BLOCK, gpa, fixture.tdr, 0, 0),
		      TDX_GPA_RANGE_ALREADY_BLOCKED | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_PAGE_REMOVE, gpa, fixture.tdr, 0, 0),
		      TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, gpa, fixture.tdr, 0, 0),
		      TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_SEPT_TREE);

	/* A vCPU that runs in the epoch of the block holds up the removal, and a second epoch. */
	struct vcpu *vcpu = hpa_ptr(hpa(fixture.tdvpr[0]));
	struct tdcs *tdcs = vcpu->td.tdcs;
	tdcs->epoch_vcpus[tdcs->epoch & 1] = 1;
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_REMOVE, gpa, fixture.tdr, 0, 0),
		      TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_PREVIOUS_TLB_EPOCH_BUSY);
	tdcs->epoch_vcpus[0] = tdcs->epoch_vcpus[1] = 0;
	assert_status(call(TDH_MEM_PAGE_REMOVE, gpa, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, page[1]);
	assert_status(call(TDH_PHYMEM_PAGE_RDMD, page[1], 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_NDA);
	assert_int_equal(fixture.regs.rdx, 0);

	gpa += 0x1000;
	assert_status(call(TDH_MEM_RANGE_BLOCK, gpa, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, gpa, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, gpa, fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_SEPT_RD, gpa, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rdx, TDX_SEPT_PENDING << 8);
}

static void blocked_table_hides_what_is_below(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	fixture_finalize();
	assert_status(call(TDH_MEM_RANGE_BLOCK, ADDRESS | PG_2M, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_EPT_WALK_FAILED | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_2M | TDX_SEPT_NL_BLOCKED << 8);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, ADDRESS | PG_2M, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_SUCCESS);
}

static void demote(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t gpa = ADDRESS + 0x200000;
	uint64_t large = fixture_frame(PG_2M);
	uint64_t table = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_AUG, gpa | PG_2M, fixture.tdr, large, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_DEMOTE, gpa, fixture.tdr, table, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_PAGE_DEMOTE, gpa | PG_2M, fixture.tdr, large, 0),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_R8);
	assert_status(call(TDH_MEM_PAGE_DEMOTE, gpa | PG_2M, fixture.tdr, table, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_SEPT_RD, gpa + 0x1FF000, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx & PTE_ADDRESS, large + 0x1FF000);
	assert_int_equal(fixture.regs.rdx, TDX_SEPT_PENDING << 8);
	assert_status(call(TDH_PHYMEM_PAGE_RDMD, large + 0x3000, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, PG_4K);
	assert_status(call(TDH_MEM_PAGE_REMOVE, gpa + 0x3000, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, large + 0x3000);
	assert_status(call(TDH_MEM_PAGE_DEMOTE, gpa | PG_2M, fixture.tdr, table, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
}

static void locks_make_busy(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t page = fixture_frame(PG_4K);
	struct vcpu *vcpu = hpa_ptr(hpa(fixture.tdvpr[0]));
	struct tdcs *tdcs = vcpu->td.tdcs;
	struct pamt_entry *tdr = pamt_find(hpa(fixture.tdr));

	tdr->lock = LOCK_HELD_EXCLUSIVE;
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, page, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RDX);
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_TDR);
	tdr->lock = 1;
	assert_status(call(TDH_MR_FINALIZE, fixture.tdr, 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	tdr->lock = 0;
	tdcs->sept_lock = 1;
	assert_status(call(TDH_MEM_RANGE_BLOCK, ADDRESS | PG_2M, fixture.tdr, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE);
	tdcs->sept_lock = 0;
	tdcs->epoch_lock = 1;
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_TD_EPOCH);
	tdcs->epoch_lock = 0;
	struct sept_walk walk = sept_walk(tdcs->sept_root, gpa(ADDRESS), PG_4K);
	*walk.entry |= SEPT_LOCK;
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, page, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	*walk.entry &= ~SEPT_LOCK;
	pamt_find(hpa(page))->lock = 1;
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, page, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_R8);
	pamt_find(hpa(page))->lock = 0;
	/* Nothing was left behind. */
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, page, 0), TDX_SUCCESS);
	assert_int_equal(tdr->lock, 0);
	assert_int_equal(tdcs->sept_lock, 0);
}

static void digest(EVP_MD_CTX *hash, const char *name, uint64_t gpa)
{
	uint8_t record[128] = { 0 };
	memcpy(record, name, strlen(name));
	memcpy(record + 16, &gpa, sizeof(gpa));
	EVP_DigestUpdate(hash, record, sizeof(record));
}

static void mrtd(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	EVP_DigestInit_ex(hash, EVP_sha384(), NULL);
	uint64_t source = fixture_frame(PG_4K);
	uint8_t *bytes = hpa_ptr(hpa(source));
	for (unsigned i = 0; i < 4096; i++) {
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	}
	assert_status(call(TDH_MR_EXTEND, ADDRESS, fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_NOT_PRESENT | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_4K | TDX_SEPT_FREE << 8);
	assert_status(call(TDH_MR_EXTEND, ADDRESS + pg_size(PG_2M), fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_NOT_PRESENT | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_2M | TDX_SEPT_FREE << 8);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, fixture_frame(PG_4K), source),
		      TDX_SUCCESS);
	digest(hash, "MEM.PAGE.ADD", ADDRESS);
	for (unsigned at = 0; at < 4096; at += 256) {
		assert_status(call(TDH_MR_EXTEND, ADDRESS + at, fixture.tdr, 0, 0), TDX_SUCCESS);
		digest(hash, "MR.EXTEND", ADDRESS + at);
		EVP_DigestUpdate(hash, bytes + at, 256);
	}
	assert_status(call(TDH_MR_EXTEND, ADDRESS + 128, fixture.tdr, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	/* A failed call and a page that is not measured add nothing. */
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, fixture_frame(PG_4K), source),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_status(
		call(TDH_MEM_PAGE_AUG, ADDRESS + 0x1000, fixture.tdr, fixture_frame(PG_4K), 0),
		TDX_SUCCESS);
	fixture_finalize();
	uint8_t expected[SHA384_SIZE];
	unsigned size = sizeof(expected);
	EVP_DigestFinal_ex(hash, expected, &size);
	EVP_MD_CTX_free(hash);
	assert_memory_equal(module_measured.mrtd, expected, sizeof(expected));
	assert_status(
		call(TDH_MEM_PAGE_ADD, ADDRESS + 0x2000, fixture.tdr, fixture_frame(PG_4K), source),
		TDX_OP_STATE_INCORRECT);
	assert_status(call(TDH_MR_FINALIZE, fixture.tdr, 0, 0, 0), TDX_OP_STATE_INCORRECT);
}

static void host_fields(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_ATTRIBUTES, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, TD_ATTRIBUTES_SEPT_VE_DISABLE);
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_RTMR, 0, 0),
		      TDX_METADATA_FIELD_NOT_READABLE);
	assert_int_equal(fixture.regs.r8, 0);
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_MRTD, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_LIFECYCLE_STATE, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, TD_KEYS_CONFIGURED);
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_NUM_ASSOC_VCPUS, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, FIXTURE_VCPUS);
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_NUM_TDCX, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, TDX_TDCS_PAGES);
	assert_status(call(TDH_VP_RD, fixture.tdvpr[0], MD_VP_ASSOC_LPID, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, fixture.cpu);
	assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_ATTRIBUTES | BIT64(24), 0, 0),
		      TDX_METADATA_FIELD_ID_INCORRECT);
	assert_status(call(TDH_VP_WR, fixture.tdvpr[0], MD_VP_VCPU_INDEX, 5, UINT64_MAX),
		      TDX_METADATA_FIELD_NOT_WRITABLE);
	assert_status(call(TDH_VP_WR, fixture.tdvpr[0], MD_VP_SHARED_EPTP, BIT64(48), UINT64_MAX),
		      TDX_METADATA_FIELD_VALUE_NOT_VALID);
	assert_status(call(TDH_VP_WR, fixture.tdvpr[0], MD_VP_SHARED_EPTP, 0x5000, UINT64_MAX),
		      TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, 0);
	assert_status(call(TDH_VP_WR, fixture.tdvpr[0], MD_VP_SHARED_EPTP, 0x6000, 0xF000),
		      TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, 0x5000);
	/* The first field, then one after the other to the end. */
	uint64_t read_v1 = TDH_MNG_RD | field_put(TDX_VERSION, 1);
	assert_status(call(read_v1, fixture.tdr, MD_NONE, 0, 0),
		      TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT);
	unsigned count = 0;
	while (fixture.regs.rdx != MD_NONE) {
		assert_status(call(read_v1, fixture.tdr, fixture.regs.rdx, 0, 0), TDX_SUCCESS);
		count++;
	}
	assert_int_equal(count, 24 + 2 + 4 * 6 + 6 - 1);
	/* The one field of a TD that its host may write. */
	static const struct {
		uint64_t value, mask, status;
	} timeouts[] = {
		{ 9999, UINT64_MAX, TDX_METADATA_FIELD_VALUE_NOT_VALID },
		{ 100000001, UINT64_MAX, TDX_METADATA_FIELD_VALUE_NOT_VALID },
		{ 20000, UINT32_MAX, TDX_METADATA_WR_MASK_NOT_VALID },
		{ 20000, 0, TDX_METADATA_FIELD_NOT_WRITABLE },
		{ 10000, UINT64_MAX, TDX_SUCCESS },
		{ 100000000, UINT64_MAX, TDX_SUCCESS },
	};
	uint64_t old = 1000000;
	for (unsigned i = 0; i < ARRAY_COUNT(timeouts); i++) {
		bool good = timeouts[i].status == TDX_SUCCESS;
		assert_status(call(TDH_MNG_WR, fixture.tdr, MD_TD_HP_LOCK_TIMEOUT,
				   timeouts[i].value, timeouts[i].mask),
			      timeouts[i].status);
		assert_int_equal(fixture.regs.r8, good ? old : 0);
		old = good ? timeouts[i].value : old;
		assert_status(call(TDH_MNG_RD, fixture.tdr, MD_TD_HP_LOCK_TIMEOUT, 0, 0),
			      TDX_SUCCESS);
		assert_int_equal(fixture.regs.r8, old);
	}
}

/* A host that shares a page of a TD breaks the TD, and not the module. */
static void shared_memory_of_a_td(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t page = fixture_frame(PG_4K);
	uint64_t source = fixture_frame(PG_4K);
	uint8_t before[4096];
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, page, source), TDX_SUCCESS);
	assert_status(call(TDH_SYS_RDALL, 0, page, MD_NONE, 0), TDX_SUCCESS);
	assert_memory_equal(hpa_ptr(hpa(page)), hpa_ptr(hpa(source)), 4096);
	assert_status(call(TDH_MR_EXTEND, ADDRESS, fixture.tdr, 0, 0), TDX_TD_FATAL);

	fixture_init(fixture_params());
	memcpy(before, hpa_ptr(hpa(fixture.tdr)), sizeof(before));
	/* What is read of it comes from the memory controller: no TD can be made of that. */
	uint64_t other = fixture.tdr;
	fixture_create();
	assert_status(call(TDH_MNG_INIT, fixture.tdr, other, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_ATTRIBUTES);
	assert_memory_equal(hpa_ptr(hpa(other)), before, sizeof(before));
	assert_status(call(TDH_SYS_INFO, other, 4096, source, 32), TDX_SUCCESS);
	struct tdr *tdr = hpa_ptr(hpa(other));
	assert_true(tdr->fatal);
	tdr->fatal = false;
	assert_memory_equal(tdr, before, sizeof(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaf_numbers_and_versions),
		cmocka_unit_test(outputs_of_failures),
		cmocka_unit_test(create_checks_page_and_key),
		cmocka_unit_test(build_order),
		cmocka_unit_test(params_are_checked),
		cmocka_unit_test(vcpu_ids_and_count),
		cmocka_unit_test(association),
		cmocka_unit_test(gpa_operands),
		cmocka_unit_test(add_and_augment),
		cmocka_unit_test(removal),
		cmocka_unit_test(blocked_table_hides_what_is_below),
		cmocka_unit_test(demote),
		cmocka_unit_test(locks_make_busy),
		cmocka_unit_test(mrtd),
		cmocka_unit_test(host_fields),
		cmocka_unit_test(shared_memory_of_a_td),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
