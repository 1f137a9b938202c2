// The VMM's CPUID model: QEMU's CPU in the clothes of the first TDX processor.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 2A CPUID; linux arch/x86/kvm/cpuid.c, uapi/asm/kvm_para.h; QEMU target/i386/kvm/tdx.c]
#include "boot-tests/vmm/call/cpuid.h"

#include "arch/base/bits.h"
#include "arch/x86/cpuid.h"
#include "boot-tests/machine/time.h"

#define LEAF_VENDOR 0
#define LEAF_FEATURES 1
#define LEAF_CACHES 4
#define LEAF_THERMAL 6
#define LEAF_FEATURES_7 7
#define LEAF_PERFMON 0xA
#define LEAF_TSC 0x15
#define LEAF_LAST 0x1F
#define LEAF_HYPERVISOR_FEATURES 0x40000001
#define LEAF_EXTENDED_LAST 0x80000008

#define FEATURE_EBX_LOGICAL_CPUS MASK64(23, 16)
#define CACHE_EAX_LEVEL MASK64(7, 5)
#define CACHE_EAX_SHARING_IDS MASK64(25, 14)
#define CACHE_EAX_CORE_IDS MASK64(31, 26)
#define CACHE_L3 3
#define TOPOLOGY_EAX_SHIFT MASK64(4, 0)
#define FEATURE_ECX_VMX BIT32(5)
#define FEATURE_ECX_HYPERVISOR BIT32(31)
#define THERMAL_EAX_ARAT BIT32(2)
/* TDX_SUPPORTED_KVM_FEATURES, all of which -cpu host has with KVM's split interrupt chip. */
#define KVM_FEATURE_NOP_IO_DELAY BIT32(1)
#define KVM_FEATURE_PV_UNHALT BIT32(7)
#define KVM_FEATURE_PV_TLB_FLUSH BIT32(9)
#define KVM_FEATURE_PV_SEND_IPI BIT32(11)
#define KVM_FEATURE_POLL_CONTROL BIT32(12)
#define KVM_FEATURE_PV_SCHED_YIELD BIT32(13)
#define KVM_FEATURE_MSI_EXT_DEST_ID BIT32(15)
#define KVM_FEATURES                                                                       \
	(KVM_FEATURE_NOP_IO_DELAY | KVM_FEATURE_PV_UNHALT | KVM_FEATURE_PV_TLB_FLUSH |     \
	 KVM_FEATURE_PV_SEND_IPI | KVM_FEATURE_POLL_CONTROL | KVM_FEATURE_PV_SCHED_YIELD | \
	 KVM_FEATURE_MSI_EXT_DEST_ID)
#define CRYSTAL_KHZ (CPUID_SAPPHIRE_RAPIDS_CRYSTAL_HZ / 1000)

/* Bits of an APIC id below those of the core (level 0), of the package (level 1). */
static uint64_t topology_shift(uint32_t level)
{
	return field_get(TOPOLOGY_EAX_SHIFT, insn_cpuid(CPUID_TOPOLOGY, level).eax);
}

static uint64_t at_most(uint64_t value, uint64_t max)
{
	return value < max ? value : max;
}

/* The L3 cache is the package's, all others are a core's. */
static struct cpuid_result cache(uint32_t subleaf)
{
	struct cpuid_result r = module_native_cpuid(LEAF_CACHES, subleaf);
	if (r.eax == 0) {
		return r;
	}
	uint64_t core = topology_shift(0);
	uint64_t package = topology_shift(1);
	uint64_t sharing = field_get(CACHE_EAX_LEVEL, r.eax) == CACHE_L3 ? package : core;
	uint64_t sharing_ids = at_most(BIT64(sharing) - 1, MASK64(11, 0));
	uint64_t core_ids = at_most(BIT64(package - core) - 1, MASK64(5, 0));
	r.eax |= (uint32_t)(field_put(CACHE_EAX_SHARING_IDS, sharing_ids) |
			    field_put(CACHE_EAX_CORE_IDS, core_ids));
	return r;
}

static struct cpuid_result features(void)
{
	struct cpuid_result r = insn_cpuid(LEAF_FEATURES, 0);
	uint64_t ids = at_most(BIT64(topology_shift(1)), UINT8_MAX); /* of a package */
	r.eax = CPUID_SAPPHIRE_RAPIDS;
	r.ebx = (uint32_t)((r.ebx & ~FEATURE_EBX_LOGICAL_CPUS) |
			   field_put(FEATURE_EBX_LOGICAL_CPUS, ids));
	r.ecx &= ~(CPUID_1_ECX_MONITOR | FEATURE_ECX_VMX | CPUID_1_ECX_CX16);
	r.ecx |= CPUID_1_ECX_X2APIC | CPUID_1_ECX_TSC_DEADLINE | FEATURE_ECX_HYPERVISOR;
	return r;
}

static struct cpuid_result hypervisor(uint32_t leaf)
{
	/* "KVMKVMKVM\0\0\0" */
	if (leaf == CPUID_HYPERVISOR) {
		return (struct cpuid_result){ LEAF_HYPERVISOR_FEATURES, 0x4B4D564B, 0x564B4D56,
					      0x4D };
	}
	return (struct cpuid_result){ KVM_FEATURES, 0, 0, 0 };
}

static uint32_t tsc_ratio(void)
{
	return (uint32_t)((time_tsc_khz() + CRYSTAL_KHZ / 2) / CRYSTAL_KHZ);
}

/* Has KVM no entry for it since its class ends before? [get_out_of_range_cpuid_entry()] */
static bool is_beyond(uint32_t leaf)
{
	if (leaf >= CPUID_EXTENDED) {
		return leaf > LEAF_EXTENDED_LAST;
	}
	return leaf >= CPUID_HYPERVISOR ? leaf > LEAF_HYPERVISOR_FEATURES : leaf > LEAF_LAST;
}

struct cpuid_result cpuid_model(uint32_t leaf, uint32_t subleaf)
{
	leaf = is_beyond(leaf) ? LEAF_LAST : leaf;
	switch (leaf) {
	case LEAF_VENDOR: /* "GenuineIntel" */
		return (struct cpuid_result){ LEAF_LAST, 0x756E6547, 0x6C65746E, 0x49656E69 };
	case LEAF_FEATURES:
		return features();
	case LEAF_CACHES:
		return cache(subleaf);
	case LEAF_THERMAL:
		return (struct cpuid_result){ THERMAL_EAX_ARAT, 0, 0, 0 };
	case LEAF_PERFMON:
		return (struct cpuid_result){ 0 };
	case CPUID_TOPOLOGY:
	case CPUID_TOPOLOGY_V2: /* the same two levels */
		return insn_cpuid(CPUID_TOPOLOGY, subleaf);
	case LEAF_TSC:
		return (struct cpuid_result){ 1, tsc_ratio(), CPUID_SAPPHIRE_RAPIDS_CRYSTAL_HZ, 0 };
	case CPUID_EXTENDED:
		return (struct cpuid_result){ LEAF_EXTENDED_LAST, 0, 0, 0 };
	default:
		break;
	}
	bool paravirtual = leaf == CPUID_HYPERVISOR || leaf == LEAF_HYPERVISOR_FEATURES;
	return paravirtual ? hypervisor(leaf) : insn_cpuid(leaf, subleaf);
}

struct cpuid_result cpuid_configured(const struct cpuid_config_leaf *config, bool la57)
{
	struct cpuid_result r = { 0 };
	if (!is_beyond(config->leaf)) {
		r = cpuid_model(config->leaf, config->subleaf);
	}
	if (config->leaf == LEAF_FEATURES_7 && config->subleaf == 0) {
		r.ecx &= ~(la57 ? 0 : CPUID_7_ECX_LA57);
		/* QEMU executes REP MOVSB and STOSB byte by byte: kernels shall move eight. */
		r.ebx &= ~CPUID_7_EBX_ERMS;
		r.edx &= ~CPUID_7_EDX_FSRM;
	}
	r.eax &= config->direct[0] | config->allow[0];
	r.ebx &= config->direct[1] | config->allow[1];
	r.ecx &= config->direct[2] | config->allow[2];
	r.edx &= config->direct[3] | config->allow[3];
	return r;
}
