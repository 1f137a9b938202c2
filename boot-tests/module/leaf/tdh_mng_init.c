// TDH.MNG.INIT: checks TD_PARAMS and makes the TDCS of them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/guest/td_cpuid.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/td_params.h"

#define XFAM_AVX BIT64(2)
#define XFAM_AVX512 MASK64(7, 5)
#define XFAM_CET MASK64(12, 11)
#define XFAM_AMX MASK64(18, 17)
#define EPTP_WRITE_BACK 6
#define TSC_FREQUENCY_MIN 4
#define TSC_FREQUENCY_MAX 400
#define MSR_CONFIG_ARCH_CAPABILITIES 1

/* What this platform's IA32_ARCH_CAPABILITIES says: none of the known leaks, and no xAPIC. The
 * platform has none of the bits that a host can hide; RRSBA it can set. */
#define ARCH_CAPABILITIES_RDCL_NO BIT64(0)
#define ARCH_CAPABILITIES_SKIP_L1DFL BIT64(3)
#define ARCH_CAPABILITIES_MDS_NO BIT64(5)
#define ARCH_CAPABILITIES_PSCHANGE_MC_NO BIT64(6)
#define ARCH_CAPABILITIES_TAA_NO BIT64(8)
#define ARCH_CAPABILITIES_MMIO_STALE_NO MASK64(15, 13)
#define ARCH_CAPABILITIES_XAPIC_DISABLE BIT64(21)
#define ARCH_CAPABILITIES_PLATFORM                                                             \
	(ARCH_CAPABILITIES_RDCL_NO | ARCH_CAPABILITIES_SKIP_L1DFL | ARCH_CAPABILITIES_MDS_NO | \
	 ARCH_CAPABILITIES_PSCHANGE_MC_NO | ARCH_CAPABILITIES_TAA_NO |                         \
	 ARCH_CAPABILITIES_MMIO_STALE_NO | ARCH_CAPABILITIES_XAPIC_DISABLE)

static bool all_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != 0) {
			return false;
		}
	}
	return true;
}

/* A group of components is there as a whole or not at all. */
static bool all_or_none(uint64_t value, uint64_t group)
{
	return (value & group) == 0 || (value & group) == group;
}

static bool xfam_valid(uint64_t xfam)
{
	return (xfam & ~(XFAM_ALLOWED & td_cpuid_platform_xfam())) == 0 &&
	       (xfam & XFAM_REQUIRED) == XFAM_REQUIRED && all_or_none(xfam, XFAM_AVX512) &&
	       all_or_none(xfam, XFAM_CET) && all_or_none(xfam, XFAM_AMX) &&
	       (!(xfam & XFAM_AVX512) || (xfam & XFAM_AVX));
}

/* What a host may say of IA32_ARCH_CAPABILITIES, if it says anything. */
static bool arch_capabilities_valid(const struct td_params *p)
{
	uint64_t allowed = p->msr_config_ctls & MSR_CONFIG_ARCH_CAPABILITIES ?
				   ARCH_CAPABILITIES_CONFIG_MASK :
				   0;
	return (p->arch_capabilities & ~allowed) == 0;
}

/* Write-back, and 4 levels or as many as the platform has. GPAW 52 needs 5. */
static bool eptp_valid(const struct td_params *p)
{
	uint64_t top = field_get(TD_EPTP_LEVELS, p->eptp_controls);
	uint64_t min = (p->config_flags & TD_CONFIG_FLAGS_GPAW) != 0 ? PG_256T : PG_512G;
	return (p->eptp_controls & ~TD_EPTP_LEVELS) ==
		       field_put(TD_EPTP_MEMORY_TYPE, EPTP_WRITE_BACK) &&
	       top >= min && top <= svm_nested_top();
}

/* What TD_PARAMS says of the TD as a whole. [TDX ABI 1.5 TD_PARAMS] Everything is checked in the
 * order of the module. L2 VMs are not modelled, and there is room for TD_MAX_VCPUS. */
static uint64_t check_td(const struct td_params *p)
{
	if (p->attributes & ~ATTRIBUTES_ALLOWED) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_ATTRIBUTES;
	}
	if (!xfam_valid(p->xfam)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_XFAM;
	}
	if (p->max_vcpus == 0 || p->max_vcpus > TD_MAX_VCPUS) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_MAX_VCPUS;
	}
	if (p->num_l2_vms != 0) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_NUM_L2_VMS;
	}
	if (p->reserved_014 != 0) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	if (p->config_flags & ~CONFIG_FLAGS_ALLOWED) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_EXEC_CONTROLS;
	}
	if (!eptp_valid(p)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_EPTP_CONTROLS;
	}
	if (p->tsc_frequency < TSC_FREQUENCY_MIN || p->tsc_frequency > TSC_FREQUENCY_MAX) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_TSC_FREQUENCY;
	}
	if (!all_zero(p->reserved_02a, sizeof(p->reserved_02a)) ||
	    (p->msr_config_ctls & ~MSR_CONFIG_ARCH_CAPABILITIES) != 0 ||
	    !all_zero(p->reserved_0e8, sizeof(p->reserved_0e8))) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	return TDX_SUCCESS;
}

/* And of its CPUs. *bad: leaf and subleaf of a CPUID value that cannot be. */
static uint64_t check_cpus(const struct td_params *p, uint64_t *bad)
{
	size_t used = CPUID_CONFIG_LEAVES * 16;
	if (!td_cpuid_check(p, bad)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_CPUID_CONFIG;
	}
	if (!all_zero(p->cpuid_config + used, sizeof(p->cpuid_config) - used)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	if (!arch_capabilities_valid(p)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_ARCH_CAPABILITIES_CONFIG;
	}
	return TDX_SUCCESS;
}

static void fill_tdcs(struct tdcs *tdcs, const struct td_params *p)
{
	tdcs->attributes = p->attributes;
	tdcs->xfam = p->xfam;
	tdcs->max_vcpus = p->max_vcpus;
	tdcs->config_flags = p->config_flags;
	tdcs->td_ctls = (p->attributes & TD_ATTRIBUTES_SEPT_VE_DISABLE) != 0 ?
				TD_CTLS_PENDING_VE_DISABLE :
				0;
	tdcs->hp_lock_timeout = HP_LOCK_TIMEOUT_DEFAULT;
	tdcs->tsc_frequency = p->tsc_frequency;
	tdcs->gpaw = (p->config_flags & TD_CONFIG_FLAGS_GPAW) != 0;
	tdcs->sept_root.top = (enum pg_level)field_get(TD_EPTP_LEVELS, p->eptp_controls);
	tdcs->eptp = p->eptp_controls | ptr_hpa(tdcs->sept_root.table).v;
	tdcs->arch_capabilities =
		ARCH_CAPABILITIES_PLATFORM | (p->arch_capabilities & ARCH_CAPABILITIES_RRSBA);
	memcpy(tdcs->mrconfigid, p->mrconfigid, SHA384_SIZE);
	memcpy(tdcs->mrowner, p->mrowner, SHA384_SIZE);
	memcpy(tdcs->mrownerconfig, p->mrownerconfig, SHA384_SIZE);
	sha384_init(&tdcs->mrtd_hash);
	tdcs->epoch = 1;
	/* The TD's TSC starts at 0. */
	tdcs->tsc_offset = 0 - insn_rdtsc();
	tdcs->topology_enum_configured = 1;
	td_cpuid_init(tdcs, p);
}

/* [TDX ABI 1.5 TDH.MNG.INIT] RCX TDR, RDX TD_PARAMS; RCX what is wrong with CPUID. */
uint64_t tdh_mng_init(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct td_params params;
	hpa_t from;
	if (!module_shared(in->rdx, sizeof(params), &from)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	module_host_read(from, &params, sizeof(params));
	uint64_t status = check_td(&params);
	if (status == TDX_SUCCESS) {
		status = check_cpus(&params, &out->rcx);
	}
	if (status != TDX_SUCCESS) {
		return status;
	}
	fill_tdcs(td->tdcs, &params);
	td->tdcs->op_state = OP_STATE_INITIALIZED;
	return TDX_SUCCESS;
}
