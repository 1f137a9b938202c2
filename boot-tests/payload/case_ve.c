// The shim's own #VE handlers at work in a TD: its IDT is still there when the kernel is entered.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "arch/qemu/q35.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/insn.h"
#include "arch/x86/pc.h"
#include "arch/x86/x2apic.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"

#define COM1_SCRATCH (PC_COM1 + 7)

#define CPUID_HYPERVISOR_EBX 0x4B4D564B /* "KVMK" */
#define APIC_BASE_X2APIC (BIT64(10) | BIT64(11))
#define LVT_MASKED BIT64(16)

#define IOAPIC_SELECT (TABLES_SHARED_VIEW + 0xFEC00000)
#define IOAPIC_WINDOW (TABLES_SHARED_VIEW + 0xFEC00010)
#define IOAPIC_VERSION 1
#define IOAPIC_VERSION_VALUE 0x20
#define HPET_CAPABILITIES (TABLES_SHARED_VIEW + 0xFED00000)
#define HPET_VENDOR MASK64(31, 16)

#define PATTERN 0x1122334455667788

static void ports(void)
{
	uint64_t rax = PATTERN;
	uint32_t address = PCI_ADDRESS_ENABLE;

	/* 8 and 16 bits merge, 32 bits zero the upper half. */
	insn_out8(COM1_SCRATCH, 0x5A);
	__asm__ volatile("inb %1, %%al" : "+a"(rax) : "Nd"((uint16_t)COM1_SCRATCH));
	EXPECT(rax == (PATTERN & ~0xFFull) + 0x5A, "IN of 8 bits: %lx", rax);
	insn_out32(PCI_PORT_ADDRESS, address);
	rax = PATTERN;
	__asm__ volatile("inw %1, %%ax" : "+a"(rax) : "Nd"((uint16_t)(PCI_PORT_ADDRESS + 2)));
	EXPECT((rax & ~0xFFFFull) == (PATTERN & ~0xFFFFull), "IN of 16 bits: %lx", rax);
	rax = PATTERN;
	__asm__ volatile("inl %1, %%eax" : "+a"(rax) : "Nd"((uint16_t)PCI_PORT_ADDRESS));
	EXPECT(rax == address, "IN of 32 bits: %lx", rax);
}

static void strings(void)
{
	static const char text[] = "payload: by REP OUTSB\n";
	const char *at = text;
	uint64_t count = strlen(text);
	uint8_t read[3] = { 0 };
	uint8_t *to = read;
	uint64_t rounds = sizeof(read);

	__asm__ volatile("rep outsb" : "+S"(at), "+c"(count) : "d"(PC_COM1) : "memory");
	EXPECT(count == 0 && at == text + strlen(text), "REP OUTSB ends with RCX=%lx", count);
	insn_out8(COM1_SCRATCH, 0xC3);
	__asm__ volatile("rep insb" : "+D"(to), "+c"(rounds) : "d"(COM1_SCRATCH) : "memory");
	EXPECT(rounds == 0 && read[0] == 0xC3 && read[2] == 0xC3, "REP INSB reads %x", read[2]);
}

static void registers(void)
{
	struct cpuid_result r = insn_cpuid(CPUID_HYPERVISOR, 0);
	struct cpuid_result native = insn_cpuid(7, 0);
	uint64_t lvt = LVT_MASKED | 0x42;

	EXPECT(r.ebx == CPUID_HYPERVISOR_EBX, "CPUID %x: EBX=%x", CPUID_HYPERVISOR, r.ebx);
	/* What the host has configured. */
	EXPECT((native.ebx & CPUID_7_EBX_ERMS) == 0, "CPUID 7: EBX=%x", native.ebx);
	EXPECT((insn_rdmsr(MSR_IA32_APIC_BASE) & APIC_BASE_X2APIC) == APIC_BASE_X2APIC,
	       "APIC base %lx", insn_rdmsr(MSR_IA32_APIC_BASE));
	insn_wrmsr(X2APIC_LVT_ERROR, lvt);
	EXPECT(insn_rdmsr(X2APIC_LVT_ERROR) == lvt, "LVT %lx", insn_rdmsr(X2APIC_LVT_ERROR));
	insn_wbinvd();
}

static void mmio(void)
{
	volatile uint32_t *select = (volatile uint32_t *)IOAPIC_SELECT;
	volatile uint32_t *window = (volatile uint32_t *)IOAPIC_WINDOW;
	uint64_t hpet = *(volatile uint64_t *)HPET_CAPABILITIES;
	uint32_t version;

	*select = 0;
	*select |= IOAPIC_VERSION;
	version = *window & 0xFF;
	EXPECT(version == IOAPIC_VERSION_VALUE, "IOAPIC version %x", version);
	EXPECT(*(volatile uint8_t *)IOAPIC_SELECT == IOAPIC_VERSION, "IOAPIC select");
	EXPECT(field_get(HPET_VENDOR, hpet) == 0x8086, "HPET capabilities %lx", hpet);
}

/* Port I/O, strings, CPUID, MSRs, WBINVD and MMIO as plain instructions, handled by the shim. */
static void case_shim_ve(const struct info *info)
{
	EXPECT(guest_is_td(), "no #VE on a plain VM");
	insn_lidt(&info->entry.idt);
	ports();
	strings();
	registers();
	mmio();
	report_catch_exceptions();
}
PAYLOAD_CASE("shim-ve", case_shim_ve);
