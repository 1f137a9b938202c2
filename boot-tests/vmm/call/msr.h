// MSRs that KVM emulates for a TD: what TDVMCALL<RDMSR> and <WRMSR> may touch.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/kvm/vmx/tdx.c tdx_has_emulated_msr, tdx_is_read_only_msr; x86.c set_msr_mce,
// kvm_pat_valid; mtrr.c; QEMU target/i386/cpu.h MCE_CAP_DEF, MCE_BANKS_DEF]
//
// KVM knows 32 banks of machine checks, their CTL2 and MCG_EXT_CTL; QEMU gives a TD 10 banks,
// without CMCI and LMCE, and KVM then refuses the others.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Values of the MSRs that are no more than storage, in the order of the table in msr.c. */
#define MSR_FILE_SLOTS 96
struct msr_file {
	bool boot_cpu;
	uint64_t tsc_offset; /* TD's TSC minus the CPU's */
	uint64_t slots[MSR_FILE_SLOTS];
};

void msr_file_init(struct msr_file *file, bool boot_cpu, uint64_t tsc_offset);

/* On the CPU of the vCPU. False: the VMM has no such MSR, or it is read-only, or the value is
 * refused. */
bool msr_read(const struct msr_file *file, uint32_t msr, uint64_t *value);
bool msr_write(struct msr_file *file, uint32_t msr, uint64_t value);
