// TDH.SYS.INFO: all about the platform in one structure, as modules before 1.5 told it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/check.h"
#include "arch/x86/insn.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"

static uint64_t read_field(uint64_t id)
{
	struct md_request request = { .id = id, .access = MD_HOST_READ };
	CHECK(md_read(MD_CONTEXT_SYS, NULL, &request) == TDX_SUCCESS);
	return request.value;
}

/* Bits that the host sets, and features of the platform that it can hide. */
static void fill_cpuid(struct tdsysinfo_cpuid_config *config, const struct cpuid_config_leaf *leaf)
{
	struct cpuid_result native = insn_cpuid(leaf->leaf, leaf->subleaf);
	*config = (struct tdsysinfo_cpuid_config){
		.leaf = leaf->leaf,
		.subleaf = leaf->subleaf,
		.values = {
			leaf->direct[0] | (leaf->allow[0] & native.eax),
			leaf->direct[1] | (leaf->allow[1] & native.ebx),
			leaf->direct[2] | (leaf->allow[2] & native.ecx),
			leaf->direct[3] | (leaf->allow[3] & native.edx),
		},
	};
}

static void fill(struct tdsysinfo *info)
{
	*info = (struct tdsysinfo){
		.vendor_id = (uint32_t)read_field(MD_SYS_VENDOR_ID),
		.build_date = (uint32_t)read_field(MD_SYS_BUILD_DATE),
		.build_num = (uint16_t)read_field(MD_SYS_BUILD_NUM),
		.minor_version = (uint16_t)read_field(MD_SYS_MINOR_VERSION),
		.major_version = (uint16_t)read_field(MD_SYS_MAJOR_VERSION),
		.sys_rd = !module_platform()->version_1_0,
		.max_tdmrs = TDX_MAX_TDMRS,
		.max_reserved_per_tdmr = TDX_MAX_RESERVED_PER_TDMR,
		.pamt_entry_size = PAMT_ENTRY_SIZE,
		.tdcs_base_size = (uint16_t)read_field(MD_SYS_TDCS_BASE_SIZE),
		.tdvps_base_size = (uint16_t)read_field(MD_SYS_TDVPS_BASE_SIZE),
		.attributes_fixed0 = read_field(MD_SYS_ATTRIBUTES_FIXED0),
		.attributes_fixed1 = read_field(MD_SYS_ATTRIBUTES_FIXED1),
		.xfam_fixed0 = read_field(MD_SYS_XFAM_FIXED0),
		.xfam_fixed1 = read_field(MD_SYS_XFAM_FIXED1),
		.num_cpuid_config = CPUID_CONFIG_LEAVES,
	};
	for (unsigned i = 0; i < CPUID_CONFIG_LEAVES; i++) {
		fill_cpuid(&info->cpuid_config[i], &cpuid_config_leaves[i]);
	}
}

/* [TDX ABI 1.5 TDH.SYS.INFO] RCX TDSYSINFO_STRUCT, RDX its size, R8 array of CMR_INFO, R9 its
 * entries; RDX and R9: how much of each is used. The structure is zeroed before R8 and R9 are
 * looked at. */
uint64_t tdh_sys_info(const struct seam_regs *in, struct seam_regs *out)
{
	struct tdsysinfo info = { 0 };
	hpa_t info_at, cmrs_at;
	if (!sys_lp_init_done()) {
		return TDX_SYS_LP_INIT_NOT_DONE;
	}
	if (!module_shared(in->rcx, sizeof(info), &info_at)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (in->rdx < sizeof(info)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	module_host_write(info_at, &info, sizeof(info));
	if (!module_shared(in->r8, sizeof(module_platform()->cmrs), &cmrs_at)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	if (in->r9 < TDX_MAX_CMRS) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R9;
	}
	fill(&info);
	module_host_write(info_at, &info, sizeof(info));
	module_host_write(cmrs_at, module_platform()->cmrs, sizeof(module_platform()->cmrs));
	out->rdx = sizeof(info);
	out->r9 = TDX_MAX_CMRS;
	return TDX_SUCCESS;
}
