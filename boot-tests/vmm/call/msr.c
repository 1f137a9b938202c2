// The table of MSRs the VMM emulates, and their storage.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/call/msr.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/x86/cpu.h"
#include "arch/x86/x2apic.h"
#include "boot-tests/machine/lapic.h"

#define MCG_CTL_P BIT64(8)
#define MCG_SER_P BIT64(24)

enum msr_kind { MSR_STORED, MSR_IGNORES_WRITES, MSR_READ_ONLY };

/* last is inclusive; each MSR of a range has its own storage and the same first value. */
static const struct msr_range {
	uint32_t first, last;
	enum msr_kind kind;
	uint64_t initial;
} ranges[] = {
	{ MSR_IA32_FEATURE_CONTROL, MSR_IA32_FEATURE_CONTROL, MSR_READ_ONLY, 1 }, /* locked */
	/* Microcode revision, as KVM has it for Intel. */
	{ MSR_IA32_BIOS_SIGN_ID, MSR_IA32_BIOS_SIGN_ID, MSR_IGNORES_WRITES, BIT64(32) },
	{ MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, MSR_READ_ONLY, BIT64(31) }, /* CPUID faulting */
	{ MSR_IA32_MTRR_CAP, MSR_IA32_MTRR_CAP, MSR_READ_ONLY, 0x508 }, /* WC, fixed, 8 variable */
	{ MSR_IA32_ARCH_CAPABILITIES, MSR_IA32_ARCH_CAPABILITIES, MSR_READ_ONLY, 0 },
	{ MSR_MISC_FEATURES_ENABLES, MSR_MISC_FEATURES_ENABLES, MSR_STORED, 0 },
	/* 10 banks of machine checks, none has an event; MCG_CTL, recovery. */
	{ MSR_IA32_MCG_CAP, MSR_IA32_MCG_CAP, MSR_READ_ONLY, MCG_CTL_P | MCG_SER_P | 10 },
	{ MSR_IA32_MCG_STATUS, MSR_IA32_MCG_STATUS, MSR_STORED, 0 },
	{ MSR_IA32_MCG_CTL, MSR_IA32_MCG_CTL, MSR_STORED, UINT64_MAX },
	{ MSR_IA32_MISC_ENABLE, MSR_IA32_MISC_ENABLE, MSR_STORED, 0x1801 }, /* no BTS, no PEBS */
	{ MSR_POWER_CTL, MSR_POWER_CTL, MSR_STORED, 0 },
	/* MTRRs: disabled, since MTRR_DEF_TYPE.E is 0. */
	{ MSR_IA32_MTRR_PHYS_BASE0, MSR_IA32_MTRR_PHYS_MASK7, MSR_STORED, 0 },
	{ MSR_IA32_MTRR_FIX64K_00000, MSR_IA32_MTRR_FIX64K_00000, MSR_STORED, 0 },
	{ MSR_IA32_MTRR_FIX16K_80000, MSR_IA32_MTRR_FIX16K_A0000, MSR_STORED, 0 },
	{ MSR_IA32_MTRR_FIX4K_C0000, MSR_IA32_MTRR_FIX4K_F8000, MSR_STORED, 0 },
	{ MSR_IA32_PAT, MSR_IA32_PAT, MSR_STORED, 0x0007040600070406 },
	{ MSR_IA32_MTRR_DEF_TYPE, MSR_IA32_MTRR_DEF_TYPE, MSR_STORED, 0 },
	{ MSR_IA32_MC0_CTL, MSR_IA32_MC9_MISC, MSR_STORED, 0 },
	{ MSR_KVM_POLL_CONTROL, MSR_KVM_POLL_CONTROL, MSR_STORED, 1 },
	{ MSR_EFER, MSR_EFER, MSR_READ_ONLY, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE },
};

/* UC, WC, WT, WP, WB; and UC- in the PAT. */
#define MTRR_TYPES 0x73u
#define PAT_TYPES 0xF3u
#define MTRR_DEF_TYPE_VALID UINT64_C(0xCFF)
#define MTRR_BASE_RESERVED (MASK64(63, 52) | MASK64(11, 8))
#define MTRR_MASK_RESERVED (MASK64(63, 52) | MASK64(10, 0))
#define BANK_CONTROL_OPTIONAL (BIT64(10) | BIT64(0))

#define APIC_BASE_BOOT_CPU BIT64(8)
#define APIC_BASE_X2APIC BIT64(10)
#define APIC_BASE_ENABLE BIT64(11)
#define APIC_BASE_ADDRESS UINT64_C(0xFEE00000)

static bool is_lapic(uint32_t msr)
{
	return msr == MSR_X2APIC_APICID || msr == X2APIC_VERSION || msr == X2APIC_LDR ||
	       msr == X2APIC_SVR || msr == X2APIC_ESR || msr == X2APIC_LVT_CMCI ||
	       msr == X2APIC_ICR || (msr >= X2APIC_LVT_TIMER && msr <= X2APIC_TIMER_CURRENT) ||
	       msr == X2APIC_TIMER_DIVIDE;
}

/* The range of msr and the index of its storage; null when there is none. */
static const struct msr_range *msr_find(uint32_t msr, unsigned *slot)
{
	unsigned base = 0;
	for (unsigned i = 0; i < ARRAY_COUNT(ranges); i++) {
		if (msr >= ranges[i].first && msr <= ranges[i].last) {
			*slot = base + (msr - ranges[i].first);
			return &ranges[i];
		}
		base += ranges[i].last - ranges[i].first + 1;
	}
	return NULL;
}

/* MCi_CTL, MCi_STATUS, MCi_ADDR, MCi_MISC. */
static bool is_bank(uint32_t msr)
{
	return msr >= MSR_IA32_MC0_CTL && msr <= MSR_IA32_MC9_MISC;
}

static bool is_bank_control(uint32_t msr)
{
	return is_bank(msr) && msr % 4 == 0;
}

static bool is_bank_status(uint32_t msr)
{
	return is_bank(msr) && msr % 4 == 1;
}

/* Every byte is one of the types. */
static bool are_memory_types(uint64_t bytes, unsigned count, uint32_t types)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t type = bytes >> (8 * i) & 0xFF;
		if (type > 7 || (types & BIT32(type)) == 0) {
			return false;
		}
	}
	return true;
}

static bool mtrr_takes(uint32_t msr, uint64_t value)
{
	if (msr == MSR_IA32_MTRR_DEF_TYPE) {
		return (value & ~MTRR_DEF_TYPE_VALID) == 0 &&
		       are_memory_types(value, 1, MTRR_TYPES);
	}
	if (msr > MSR_IA32_MTRR_PHYS_MASK7) {
		return are_memory_types(value, 8, MTRR_TYPES);
	}
	if (msr % 2 == 0) {
		return (value & MTRR_BASE_RESERVED) == 0 && are_memory_types(value, 1, MTRR_TYPES);
	}
	return (value & MTRR_MASK_RESERVED) == 0;
}

/* Does KVM take this value for an MSR of the table? */
static bool takes(uint32_t msr, uint64_t value)
{
	if (is_bank_control(msr)) { /* 0 or all ones; some kernels leave out bit 0 or 10 */
		return value == 0 || (value | BANK_CONTROL_OPTIONAL) == UINT64_MAX;
	}
	if (is_bank_status(msr)) {
		return value == 0;
	}
	if (msr >= MSR_IA32_MTRR_PHYS_BASE0 && msr <= MSR_IA32_MTRR_FIX4K_F8000) {
		return mtrr_takes(msr, value);
	}
	switch (msr) {
	case MSR_IA32_MTRR_DEF_TYPE:
		return mtrr_takes(msr, value);
	case MSR_IA32_PAT:
		return are_memory_types(value, 8, PAT_TYPES);
	case MSR_IA32_MCG_CTL:
		return value == 0 || value == UINT64_MAX;
	case MSR_KVM_POLL_CONTROL:
	case MSR_MISC_FEATURES_ENABLES: /* CPUID faulting */
		return value <= 1;
	default:
		return true;
	}
}

void msr_file_init(struct msr_file *file, bool boot_cpu, uint64_t tsc_offset)
{
	file->boot_cpu = boot_cpu;
	file->tsc_offset = tsc_offset;
	unsigned slot = 0;
	for (unsigned i = 0; i < ARRAY_COUNT(ranges); i++) {
		for (uint32_t msr = ranges[i].first; msr <= ranges[i].last; msr++) {
			CHECK(slot < MSR_FILE_SLOTS);
			file->slots[slot++] = is_bank_control(msr) ? UINT64_MAX : ranges[i].initial;
		}
	}
}

bool msr_read(const struct msr_file *file, uint32_t msr, uint64_t *value)
{
	if (msr == MSR_IA32_TSC_DEADLINE) {
		if (!lapic_x2apic_read(msr, value)) {
			return false;
		}
		*value += *value != 0 ? file->tsc_offset : 0; /* 0: the timer is off */
		return true;
	}
	if (is_lapic(msr)) {
		return lapic_x2apic_read(msr, value);
	}
	if (msr == MSR_IA32_APIC_BASE) {
		*value = APIC_BASE_ADDRESS | APIC_BASE_ENABLE | APIC_BASE_X2APIC |
			 (file->boot_cpu ? APIC_BASE_BOOT_CPU : 0);
		return true;
	}
	unsigned slot;
	if (msr_find(msr, &slot) == NULL) {
		return false;
	}
	*value = file->slots[slot];
	return true;
}

bool msr_write(struct msr_file *file, uint32_t msr, uint64_t value)
{
	if (msr == MSR_IA32_TSC_DEADLINE) {
		return lapic_x2apic_write(msr, value != 0 ? value - file->tsc_offset : 0);
	}
	if (is_lapic(msr)) {
		return lapic_x2apic_write(msr, value);
	}
	unsigned slot;
	const struct msr_range *range = msr_find(msr, &slot);
	if (range == NULL || range->kind == MSR_READ_ONLY || !takes(msr, value)) {
		return false;
	}
	if (range->kind == MSR_STORED) {
		file->slots[slot] = value;
	}
	return true;
}
