// Tests of the virtual topology: x2APIC ids of TDH.VP.INIT, CPUID(1FH) of TD_PARAMS, and what a TD
// sees of both.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/insn.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/guest/td_cpuid.h"
#include "boot-tests/module/guest/td_msr.h"
#include "boot-tests/module/guest/td_topology.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

static bool exited;

static uint64_t new_vcpu(void)
{
	uint64_t tdvpr = fixture_frame(PG_4K);
	assert_status(call(TDH_VP_CREATE, tdvpr, fixture.tdr, 0, 0), TDX_SUCCESS);
	for (unsigned i = 1; i < TDX_TDVPS_PAGES; i++) {
		assert_status(call(TDH_VP_ADDCX, fixture_frame(PG_4K), tdvpr, 0, 0), TDX_SUCCESS);
	}
	return tdvpr;
}

static uint64_t td_field(uint64_t id)
{
	assert_status(call(TDH_MNG_RD, fixture.tdr, id, 0, 0), TDX_SUCCESS);
	return fixture.regs.r8;
}

/* An id that is another's: the module does not take the index back. */
static void x2apic_ids_are_unique(void **state)
{
	(void)state;
	uint64_t init_v1 = TDH_VP_INIT | field_put(TDX_VERSION, 1);
	fixture_init(fixture_params());
	assert_status(call(init_v1, new_vcpu(), 0, UINT32_MAX, 0), TDX_SUCCESS);
	uint64_t second = new_vcpu();
	assert_status(call(init_v1, second, 0, BIT64(32) | UINT32_MAX, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	assert_int_equal(td_field(MD_TD_NUM_VCPUS), 1);
	assert_status(call(init_v1, second, 0, UINT32_MAX, 0),
		      TDX_X2APIC_ID_NOT_UNIQUE | UINT32_MAX);
	assert_int_equal(td_field(MD_TD_NUM_VCPUS), 2);
	assert_status(call(init_v1, second, 0, 5, 0), TDX_MAX_VCPUS_EXCEEDED);
	assert_int_equal(td_field(MD_TD_TOPOLOGY_ENUM_CONFIGURED), 1);
}

/* One vCPU without an x2APIC id is enough. */
static void version_0_configures_no_topology(void **state)
{
	(void)state;
	uint64_t init_v1 = TDH_VP_INIT | field_put(TDX_VERSION, 1);
	fixture_init(fixture_params());
	assert_int_equal(td_field(MD_TD_TOPOLOGY_ENUM_CONFIGURED), 1);
	assert_status(call(init_v1, new_vcpu(), 0, 7, 0), TDX_SUCCESS);
	assert_int_equal(td_field(MD_TD_TOPOLOGY_ENUM_CONFIGURED), 1);
	assert_status(call(TDH_VP_INIT, new_vcpu(), 0, 7, 0), TDX_SUCCESS);
	assert_int_equal(td_field(MD_TD_TOPOLOGY_ENUM_CONFIGURED), 0);
}

static void topology_that_cannot_be(void **state)
{
	(void)state;
	fixture_create();
	struct td_params *params = fixture_params();
	struct cpuid_values levels[TOPOLOGY_LEVELS] = { { 1, 2, 0x100, 0 }, { 3, 6, 0x101, 0 } };
	uint8_t *config = params->cpuid_config + 12 * sizeof(levels[0]);
	memcpy(config, levels, sizeof(levels));
	assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_CPUID_CONFIG);
	assert_int_equal(fixture.regs.rcx, 0x10000001F);
	/* The x2APIC id is no part of it. */
	levels[1].ecx = 0x201;
	levels[1].edx = 1;
	memcpy(config, levels, sizeof(levels));
	assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_CPUID_CONFIG);
	assert_int_equal(fixture.regs.rcx, 0x10000001F);
	levels[1].edx = 0;
	memcpy(config, levels, sizeof(levels));
	assert_status(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v, 0, 0), TDX_SUCCESS);
}

static uint64_t set_enum_topology(void)
{
	return tdcall_of_td(TDG_VM_WR, 0, MD_TD_CTLS, TD_CTLS_ENUM_TOPOLOGY, TD_CTLS_ENUM_TOPOLOGY,
			    &exited);
}

/* What the host configured of leaf 1FH, and leaf 0BH made of it, once the TD wants it. */
static void cpuid_topology(void **state)
{
	(void)state;
	static const struct cpuid_values levels[TOPOLOGY_LEVELS] = {
		{ 1, 2, 0x100, 0 },
		{ 3, 6, 0x201, 0 },
		{ 0, 0, 2, 0 },
	};
	struct td_params *params = fixture_params();
	memcpy(params->cpuid_config + 12 * sizeof(levels[0]), levels, sizeof(levels));
	fixture_init(params);
	fixture_vcpus();
	fixture_finalize();
	struct vcpu *second = hpa_ptr(hpa(fixture.tdvpr[1])); /* x2APIC id 4 */
	struct cpuid_values v;
	uint64_t id = 0;
	assert_false(td_cpuid_read(second, 0x1F, 0, &v));
	assert_false(td_cpuid_read(second, 0xB, 0, &v));
	assert_true(td_cpuid_read(second, 1, 0, &v));
	assert_int_equal(v.ebx >> 24, 1);
	assert_int_equal(td_msr_read(second, 0x802, &id), MSR_VE);

	assert_status(tdcall_of_td(TDG_VM_RD, 0, MD_TD_TOPOLOGY_ENUM_CONFIGURED, 0, 0, &exited),
		      TDX_SUCCESS);
	assert_int_equal(gpr()[R8], 1);
	assert_status(set_enum_topology(), TDX_SUCCESS);
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(td_cpuid_read(second, 0x1F, i, &v));
		assert_int_equal(v.eax, levels[i].eax);
		assert_int_equal(v.ebx, levels[i].ebx);
		assert_int_equal(v.ecx, levels[i].ecx);
		assert_int_equal(v.edx, 4);
		assert_true(td_cpuid_read(second, 0xB, i, &v));
		assert_int_equal(v.eax, levels[i].eax);
		assert_int_equal(v.ecx, levels[i].ecx);
		assert_int_equal(v.edx, 4);
	}
	assert_true(td_cpuid_read(second, 0x1F, 5, &v));
	assert_false(td_cpuid_read(second, 0x1F, 6, &v));
	assert_false(td_cpuid_read(second, 0xB, 3, &v));
	assert_true(td_cpuid_read(second, 1, 0, &v));
	assert_int_equal(v.ebx >> 24, 4);
	assert_int_equal(td_msr_read(second, 0x802, &id), MSR_DONE);
	assert_int_equal(id, 4);
	assert_int_equal(td_msr_write(second, 0x802, 4), MSR_VE);
	second->cpuid_supervisor_ve = 1;
	assert_false(td_cpuid_read(second, 0x1F, 0, &v));

	/* Not without x2APIC ids. */
	vcpu()->td.tdcs->td_ctls = 0;
	vcpu()->td.tdcs->topology_enum_configured = 0;
	assert_status(set_enum_topology(), TDX_METADATA_FIELD_VALUE_NOT_VALID);
	assert_int_equal(vcpu()->td.tdcs->td_ctls & TD_CTLS_ENUM_TOPOLOGY, 0);
}

/* A host that says nothing of it: the platform's. */
static void cpuid_topology_of_the_platform(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_finalize();
	assert_status(set_enum_topology(), TDX_SUCCESS);
	for (uint32_t i = 0; i < TOPOLOGY_LEVELS; i++) {
		struct cpuid_result native = insn_cpuid(0xB, i);
		struct cpuid_values v;
		assert_true(td_cpuid_read(vcpu(), 0x1F, i, &v));
		assert_int_equal(v.eax, native.eax);
		assert_int_equal(v.ebx, native.ebx);
		assert_int_equal(v.ecx, native.ecx);
		assert_int_equal(v.edx, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x2apic_ids_are_unique),
		cmocka_unit_test(version_0_configures_no_topology),
		cmocka_unit_test(topology_that_cannot_be),
		cmocka_unit_test(cpuid_topology),
		cmocka_unit_test(cpuid_topology_of_the_platform),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
