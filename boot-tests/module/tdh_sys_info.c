// TDH.SYS.INFO: all about the platform in one structure, as modules before 1.5 told it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/metadata.h"
#include "boot-tests/module/module.h"

static uint64_t read_field(uint64_t id)
{
	struct md_request request = { .id = id, .access = MD_HOST_READ };
	CHECK(md_read(MD_CONTEXT_SYS, 0, &request) == TDX_SUCCESS);
	return request.value;
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
		struct tdsysinfo_cpuid_config *config = &info->cpuid_config[i];
		uint64_t leaf = read_field(MD_SYS_CPUID_CONFIG_LEAVES + i);
		uint64_t low = read_field(MD_SYS_CPUID_CONFIG_VALUES + 2 * i);
		uint64_t high = read_field(MD_SYS_CPUID_CONFIG_VALUES + 2 * i + 1);
		memcpy(&config->leaf, &leaf, sizeof(leaf));
		memcpy(&config->values[0], &low, sizeof(low));
		memcpy(&config->values[2], &high, sizeof(high));
	}
}

static bool shared_address(uint64_t address, uint64_t size)
{
	return is_aligned(address, size) && address < BIT64(HPA_WIDTH);
}

/* [TDX ABI 1.5 TDH.SYS.INFO] RCX TDSYSINFO_STRUCT, RDX its size, R8 array of CMR_INFO, R9 its entries;
 * RDX and R9: how much of each is used. */
uint64_t tdh_sys_info(const struct seam_regs *in, struct seam_regs *out)
{
	out->rdx = out->r9 = 0;
	if (!shared_address(in->rcx, sizeof(struct tdsysinfo))) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (in->rdx < sizeof(struct tdsysinfo)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	if (!shared_address(in->r8, sizeof(module_platform()->cmrs))) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	if (in->r9 < TDX_MAX_CMRS) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R9;
	}
	fill(hpa_ptr(hpa(in->rcx)));
	memcpy(hpa_ptr(hpa(in->r8)), module_platform()->cmrs, sizeof(module_platform()->cmrs));
	out->rdx = sizeof(struct tdsysinfo);
	out->r9 = TDX_MAX_CMRS;
	return TDX_SUCCESS;
}
