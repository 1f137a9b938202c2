// RDMSR and WRMSR of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/td_msr.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/module/guest/misuse.h"
#include "boot-tests/module/guest/td_cpuid.h"

/*
 * What happens to an access. MSRs that are native and that SVM switches have no exit at all
 * (td_msr_allow_native()); the other native ones are kept in struct vcpu, as nothing on this
 * platform depends on them. ABSENT: a native MSR of a feature that no configuration turns on here,
 * so #GP.
 */
enum msr_rule {
	RULE_VE,
	RULE_GP,
	RULE_ABSENT,
	RULE_ZERO,
	RULE_ONE,
	RULE_TSC,
	RULE_ARCH_CAPABILITIES,
	RULE_MISC_ENABLE,
	RULE_DEBUGCTL,
	RULE_PAT,
	RULE_DS_AREA,
	RULE_UARCH,
	RULE_DEADLINE,
	RULE_APIC,
	RULE_X2APIC_ID,
	RULE_SELF_IPI,
	RULE_XSS,
	RULE_EFER,
};

struct msr_range {
	uint32_t first, last;
	enum msr_rule read, write;
};

/* [TDX ABI 1.5, MSR virtualization] Ascending; what is not here is a #VE. */
static const struct msr_range ranges[] = {
	{ 0x10, 0x10, RULE_TSC, RULE_VE },
	{ 0x48, 0x49, RULE_ABSENT, RULE_ABSENT }, /* SPEC_CTRL, PRED_CMD */
	{ 0x87, 0x87, RULE_ABSENT, RULE_ABSENT }, /* MKTME_PARTITIONING */
	{ 0x8C, 0x8F, RULE_GP, RULE_GP },         /* SGXLEPUBKEYHASH */
	{ 0x98, 0x9B, RULE_GP, RULE_GP },         /* WBINVDP ... SMM_MONITOR_CTL */
	{ 0x9E, 0x9E, RULE_GP, RULE_GP },         /* SMBASE */
	{ 0xBC, 0xBC, RULE_ZERO, RULE_VE },       /* MISC_PACKAGE_CTLS */
	{ 0xBD, 0xBD, RULE_ONE, RULE_GP },        /* XAPIC_DISABLE_STATUS */
	{ 0xC1, 0xC8, RULE_ABSENT, RULE_ABSENT }, /* PERFMON */
	{ 0xE1, 0xE1, RULE_ABSENT, RULE_ABSENT }, /* UMWAIT_CONTROL */
	{ 0x10A, 0x10A, RULE_ARCH_CAPABILITIES, RULE_GP },
	{ 0x10B, 0x10B, RULE_ABSENT, RULE_ABSENT }, /* FLUSH_CMD */
	{ 0x122, 0x122, RULE_ABSENT, RULE_ABSENT }, /* TSX_CTRL */
	{ 0x186, 0x18D, RULE_ABSENT, RULE_ABSENT }, /* PERFMON */
	{ 0x195, 0x195, RULE_GP, RULE_GP },         /* OVERCLOCKING_STATUS */
	{ 0x1A0, 0x1A0, RULE_MISC_ENABLE, RULE_VE },
	{ 0x1A6, 0x1A7, RULE_ABSENT, RULE_ABSENT }, /* PERFMON */
	{ 0x1C4, 0x1C5, RULE_ABSENT, RULE_ABSENT }, /* XFD */
	{ 0x1D9, 0x1D9, RULE_DEBUGCTL, RULE_DEBUGCTL },
	{ 0x1F8, 0x1FA, RULE_ABSENT, RULE_ABSENT }, /* DCA */
	{ 0x276, 0x276, RULE_GP, RULE_GP },         /* SLAM_ENABLE */
	{ 0x277, 0x277, RULE_PAT, RULE_PAT },
	{ 0x309, 0x310, RULE_ABSENT, RULE_ABSENT }, /* PERFMON */
	{ 0x329, 0x329, RULE_ABSENT, RULE_ABSENT }, /* PERF_METRICS */
	{ 0x345, 0x345, RULE_ZERO, RULE_ABSENT },   /* PERF_CAPABILITIES */
	{ 0x38D, 0x392, RULE_ABSENT, RULE_ABSENT }, /* PERFMON */
	{ 0x3F1, 0x3F2, RULE_ABSENT, RULE_ABSENT },
	{ 0x3F6, 0x3F7, RULE_ABSENT, RULE_ABSENT },
	{ 0x480, 0x480, RULE_ZERO, RULE_GP }, /* VMX capabilities: no VMX */
	{ 0x481, 0x484, RULE_VE, RULE_GP },
	{ 0x485, 0x489, RULE_ZERO, RULE_GP },
	{ 0x48A, 0x48A, RULE_VE, RULE_GP },
	{ 0x48B, 0x492, RULE_ZERO, RULE_GP },
	{ 0x4C1, 0x4C8, RULE_ABSENT, RULE_ABSENT }, /* PERFMON */
	{ 0x500, 0x500, RULE_GP, RULE_GP },         /* SGX_SVN_STATUS */
	{ 0x560, 0x587, RULE_ABSENT, RULE_ABSENT }, /* RTIT */
	{ 0x600, 0x600, RULE_DS_AREA, RULE_DS_AREA },
	{ 0x6A0, 0x6A0, RULE_ABSENT, RULE_ABSENT }, /* CET */
	{ 0x6A2, 0x6A2, RULE_ABSENT, RULE_ABSENT },
	{ 0x6A4, 0x6A8, RULE_ABSENT, RULE_ABSENT },
	{ 0x6E0, 0x6E0, RULE_DEADLINE, RULE_DEADLINE },
	{ 0x6E1, 0x6E1, RULE_ABSENT, RULE_ABSENT }, /* PKRS */
	{ 0x800, 0x801, RULE_GP, RULE_GP },
	{ 0x802, 0x802, RULE_X2APIC_ID, RULE_VE },
	{ 0x804, 0x807, RULE_GP, RULE_GP },
	/* RDMSR gives what stands in the virtual-APIC page, also where x2APIC has no register, or
	 * one to write only: EOI leaves 0 there, SELF_IPI its operand. [SDM 3C 31.5] */
	{ 0x808, 0x808, RULE_APIC, RULE_APIC }, /* TPR */
	{ 0x809, 0x809, RULE_ZERO, RULE_GP },
	{ 0x80A, 0x80A, RULE_APIC, RULE_GP },   /* PPR */
	{ 0x80B, 0x80B, RULE_ZERO, RULE_APIC }, /* EOI */
	{ 0x80C, 0x80C, RULE_ZERO, RULE_GP },
	{ 0x80E, 0x80E, RULE_ZERO, RULE_GP },
	{ 0x810, 0x827, RULE_APIC, RULE_GP }, /* ISR, TMR, IRR */
	{ 0x829, 0x82E, RULE_GP, RULE_GP },
	{ 0x831, 0x831, RULE_GP, RULE_GP },
	{ 0x83F, 0x83F, RULE_SELF_IPI, RULE_SELF_IPI },
	{ 0x840, 0x8FF, RULE_GP, RULE_GP },
	{ 0x981, 0x984, RULE_ABSENT, RULE_ABSENT }, /* TME */
	{ 0x985, 0x98A, RULE_ABSENT, RULE_ABSENT }, /* UINTR */
	{ 0xC80, 0xC80, RULE_ZERO, RULE_VE },       /* DEBUG_INTERFACE */
	{ 0xD90, 0xD90, RULE_GP, RULE_GP },         /* BNDCFGS */
	{ 0xD93, 0xD93, RULE_GP, RULE_GP },
	{ 0xDA0, 0xDA0, RULE_XSS, RULE_XSS },
	{ 0x1200, 0x12FF, RULE_ABSENT, RULE_ABSENT }, /* LBR */
	{ 0x14CE, 0x14CF, RULE_ABSENT, RULE_ABSENT },
	{ 0x1500, 0x16FF, RULE_ABSENT, RULE_ABSENT },
	{ 0x1B01, 0x1B01, RULE_UARCH, RULE_UARCH }, /* UARCH_MISC_CTL */
	{ MSR_EFER, MSR_EFER, RULE_EFER, RULE_EFER },
};

#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176

static const uint32_t native_msrs[] = {
	MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_STAR,           MSR_LSTAR,
	MSR_FMASK,       MSR_FS_BASE,      MSR_GS_BASE,      MSR_KERNEL_GS_BASE, MSR_TSC_AUX,
};

void td_msr_allow_native(uint8_t *msrpm)
{
	for (unsigned i = 0; i < ARRAY_COUNT(native_msrs); i++) {
		svm_msr_allow(msrpm, native_msrs[i], true, true);
	}
}

static const struct msr_range *find_range(uint32_t msr)
{
	for (unsigned i = 0; i < ARRAY_COUNT(ranges); i++) {
		if (msr >= ranges[i].first && msr <= ranges[i].last) {
			return &ranges[i];
		}
	}
	return NULL;
}

/* PT, CET, UINTR, LBR. */
#define XFAM_SUPERVISOR (BIT64(8) | MASK64(12, 11) | MASK64(15, 14))

/* Fast strings; no BTS, no PEBS; no performance monitoring. [SDM 4 table 2-2] */
#define MISC_ENABLE_VALUE (BIT64(0) | BIT64(11) | BIT64(12))

enum msr_outcome td_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	const struct tdcs *tdcs = vcpu->td.tdcs;
	const struct msr_range *range = find_range(msr);
	switch (range == NULL ? RULE_VE : range->read) {
	case RULE_VE:
		return MSR_VE;
	case RULE_GP:
	case RULE_ABSENT:
		return MSR_GP;
	case RULE_ZERO:
		*value = 0;
		return MSR_DONE;
	case RULE_ONE:
		*value = 1;
		return MSR_DONE;
	case RULE_TSC:
		*value = insn_rdtsc() + tdcs->tsc_offset;
		return MSR_DONE;
	case RULE_ARCH_CAPABILITIES:
		*value = tdcs->arch_capabilities;
		return MSR_DONE;
	case RULE_MISC_ENABLE:
		*value = MISC_ENABLE_VALUE;
		return MSR_DONE;
	case RULE_DEBUGCTL:
		*value = vcpu->debugctl;
		return MSR_DONE;
	case RULE_PAT:
		*value = vcpu->pat;
		return MSR_DONE;
	case RULE_DS_AREA:
		*value = vcpu->ds_area;
		return MSR_DONE;
	case RULE_UARCH:
		*value = vcpu->uarch_misc_ctl;
		return MSR_DONE;
	case RULE_DEADLINE:
		return td_cpuid_has_tsc_deadline(tdcs) ? MSR_VE : MSR_GP;
	case RULE_APIC:
		return lapic_x2apic_read(msr, value) ? MSR_DONE : MSR_GP;
	case RULE_X2APIC_ID:
		*value = vcpu->x2apic_id;
		return (tdcs->td_ctls & TD_CTLS_ENUM_TOPOLOGY) != 0 ? MSR_DONE : MSR_VE;
	case RULE_SELF_IPI:
		*value = vcpu->self_ipi;
		return MSR_DONE;
	case RULE_XSS:
		*value = vcpu->xss;
		return MSR_DONE;
	case RULE_EFER:
		break;
	}
	*value = vcpu->svm.vmcb->save.efer & ~EFER_SVME;
	return MSR_DONE;
}

/* Each byte is a memory type: 0, 1, 4, 5, 6 or 7. [SDM 3A 12.12.2] */
static bool pat_valid(uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		uint8_t type = (uint8_t)(value >> (8 * i));
		if (type > 7 || type == 2 || type == 3) {
			return false;
		}
	}
	return true;
}

#define DEBUGCTL_TR BIT64(6)
#define DEBUGCTL_BTS BIT64(7)
#define DEBUGCTL_VALID (MASK64(1, 0) | MASK64(15, 6)) /* LBR, BTF, TR ... RTM_DEBUG */
/* ENABLE_UNCORE_PMI reads as 0. */
#define DEBUGCTL_UNCORE_PMI BIT64(13)

static enum msr_outcome write_debugctl(struct vcpu *vcpu, uint64_t value)
{
	if ((value & ~DEBUGCTL_VALID) != 0) {
		return MSR_GP;
	}
	if ((value & DEBUGCTL_TR) != 0 && (value & DEBUGCTL_BTS) == 0) {
		return MSR_VE;
	}
	vcpu->debugctl = value & ~DEBUGCTL_UNCORE_PMI;
	return MSR_DONE;
}

/* Only SCE may change. */
static enum msr_outcome write_efer(struct vcpu *vcpu, uint64_t value)
{
	struct vmcb_save *save = &vcpu->svm.vmcb->save;
	uint64_t changed = (save->efer ^ value) & ~(EFER_SVME | EFER_LMA);
	if ((changed & ~EFER_SCE) != 0 || (value & EFER_SVME) != 0) {
		misuse(vcpu, MISUSE_EFER_WRITTEN, value);
		return MSR_VE;
	}
	save->efer = (save->efer & ~EFER_SCE) | (value & EFER_SCE);
	return MSR_DONE;
}

enum msr_outcome td_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	const struct tdcs *tdcs = vcpu->td.tdcs;
	const struct msr_range *range = find_range(msr);
	switch (range == NULL ? RULE_VE : range->write) {
	case RULE_VE:
		return MSR_VE;
	case RULE_DEBUGCTL:
		return write_debugctl(vcpu, value);
	case RULE_PAT:
		if (!pat_valid(value)) {
			return MSR_GP;
		}
		vcpu->pat = value;
		vcpu->svm.vmcb->save.g_pat = value;
		return MSR_DONE;
	case RULE_DS_AREA:
		vcpu->ds_area = value;
		return MSR_DONE;
	case RULE_UARCH:
		vcpu->uarch_misc_ctl = value;
		return MSR_DONE;
	case RULE_DEADLINE:
		return td_cpuid_has_tsc_deadline(tdcs) ? MSR_VE : MSR_GP;
	case RULE_APIC:
		return lapic_x2apic_write(msr, value) ? MSR_DONE : MSR_GP;
	case RULE_SELF_IPI:
		if (!lapic_x2apic_write(msr, value)) {
			return MSR_GP;
		}
		vcpu->self_ipi = (uint8_t)value;
		return MSR_DONE;
	case RULE_XSS:
		if ((value & ~(tdcs->xfam & XFAM_SUPERVISOR)) != 0) {
			return MSR_GP;
		}
		vcpu->xss = value;
		return MSR_DONE;
	case RULE_EFER:
		return write_efer(vcpu, value);
	case RULE_GP:
	case RULE_ABSENT:
	case RULE_ZERO:
	case RULE_ONE:
	case RULE_X2APIC_ID:
	case RULE_TSC:
	case RULE_ARCH_CAPABILITIES:
	case RULE_MISC_ENABLE:
		break;
	}
	return MSR_GP;
}
