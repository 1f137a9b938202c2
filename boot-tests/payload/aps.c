// The APs as the cases use them: woken, judged, given back.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/payload/aps.h"

#include "arch/linux/boot_params.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

static struct ap aps[INFO_MAX_CPUS];
/* Where an AP goes when it stops running. */
static uint64_t reset_vector;

bool aps_halt;
bool aps_spin;
uint64_t ap_cr3;
uint32_t ap_access;
uint64_t ap_access_address;

_Noreturn void ap_main(uint32_t number, const struct ap_state *state)
{
	struct ap *ap = &aps[number];

	report_catch_exceptions();
	ap->state = *state;
	ap->apic_id = guest_apic_id();
	ap->vcpu_index = guest_vcpu_index();
	__atomic_store_n(&ap->running, true, __ATOMIC_RELEASE);
	while (__atomic_load_n(&ap->running, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&aps_halt, __ATOMIC_RELAXED)) {
			guest_halt();
		} else {
			insn_pause();
		}
		while (__atomic_load_n(&aps_spin, __ATOMIC_RELAXED)) {
		}
	}
	ap_give_back(reset_vector);
}

volatile struct mailbox *aps_mailbox(const struct info *info)
{
	EXPECT(info->mailbox != 0, "no wake-up structure");
	return (volatile struct mailbox *)info->mailbox;
}

void aps_pause(uint64_t cycles)
{
	uint64_t begin = insn_rdtsc();

	while (insn_rdtsc() - begin < cycles) {
		insn_pause();
	}
}

uint64_t aps_vector(unsigned number)
{
	uint64_t vector = (uint64_t)ap_entries + number * AP_ENTRY_SIZE;

	EXPECT(number < INFO_MAX_CPUS && vector < (uint64_t)ap_entries_end, "no entry %u", number);
	return vector;
}

const struct ap *aps_at(unsigned number)
{
	return __atomic_load_n(&aps[number].running, __ATOMIC_ACQUIRE) ? &aps[number] : NULL;
}

bool aps_send(const struct info *info, uint16_t command, uint32_t apic_id, uint64_t vector,
	      uint64_t cycles)
{
	volatile struct mailbox *mailbox = aps_mailbox(info);
	uint64_t begin = insn_rdtsc();

	reset_vector = info->reset_vector;
	ap_cr3 = insn_read_cr3();
	mailbox->apic_id = apic_id;
	mailbox->wakeup_vector = vector;
	__atomic_store_n(&mailbox->command, command, __ATOMIC_RELEASE);
	while (__atomic_load_n(&mailbox->command, __ATOMIC_ACQUIRE) != MAILBOX_NOOP) {
		if (insn_rdtsc() - begin > cycles) {
			return false;
		}
		insn_pause();
	}
	EXPECT(mailbox->apic_id == apic_id && mailbox->wakeup_vector == vector,
	       "the AP wrote more of the mailbox than the command");
	return true;
}

void aps_command(const struct info *info, uint16_t command, uint32_t apic_id, uint64_t vector)
{
	EXPECT(aps_send(info, command, apic_id, vector, ANSWER_CYCLES),
	       "apic id %u does not acknowledge command %u", apic_id, command);
}

const struct ap *aps_await(unsigned number)
{
	uint64_t begin = insn_rdtsc();

	while (aps_at(number) == NULL) {
		EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "nobody comes to entry %u", number);
		insn_pause();
	}
	return aps_at(number);
}

const struct ap *aps_wake(const struct info *info, unsigned cpu)
{
	const struct ap *ap;

	EXPECT(cpu < info->cpu_count, "needs %u CPUs", cpu + 1);
	aps_command(info, MAILBOX_WAKEUP, info->apic_ids[cpu], aps_vector(cpu));
	ap = aps_await(cpu);
	EXPECT(ap->apic_id == info->apic_ids[cpu], "apic id %u answers to %u", ap->apic_id,
	       info->apic_ids[cpu]);
	return ap;
}

/* What no instruction of the path may have left behind. */
#define RFLAGS_ARITHMETIC (BIT64(0) | BIT64(2) | BIT64(4) | BIT64(6) | BIT64(7) | BIT64(11))

void aps_check_state(const struct info *info, const struct ap *ap)
{
	const struct ap_state *s = &ap->state;
	bool strict = info_option_number(info, "strict=", 0) != 0;
	const uint64_t cr0 = CR0_PE | CR0_PG | CR0_NE | CR0_ET | (strict ? CR0_WP : 0);

	EXPECT(s->cr0 == cr0, "CR0 is %lx, not %lx", s->cr0, cr0);
	EXPECT(s->cr3 == AP_TABLE, "CR3 is %lx, not the AP table", s->cr3);
	EXPECT(s->cr4 == (CR4_PAE | CR4_MCE), "CR4 is %lx", s->cr4);
	EXPECT(s->efer == info->entry.efer, "EFER is %lx, that of the first CPU %lx", s->efer,
	       info->entry.efer);
	EXPECT((s->rflags & ~RFLAGS_ARITHMETIC) == RFLAGS_FIXED, "RFLAGS are %lx", s->rflags);
	EXPECT(s->cs == SELECTOR_CODE64, "CS is %lx", s->cs);
	EXPECT(s->ss == SELECTOR_DATA && s->ds == SELECTOR_DATA && s->es == SELECTOR_DATA &&
		       s->fs == SELECTOR_DATA && s->gs == SELECTOR_DATA,
	       "SS, DS, ES, FS, GS are %lx %lx %lx %lx %lx", s->ss, s->ds, s->es, s->fs, s->gs);
	EXPECT(s->fs_base == 0 && s->gs_base == 0, "bases of FS and GS are %lx and %lx", s->fs_base,
	       s->gs_base);
	/* The OS may go on with the firmware's GDT for a while: it must not be RAM that is free. */
	EXPECT(s->gdt.limit >= SELECTOR_DATA + 7 && s->gdt.base < FOUR_GIB &&
		       info_memory_type(info, s->gdt.base) == E820_NVS,
	       "GDT at %lx, limit %x", s->gdt.base, s->gdt.limit);
	EXPECT(s->idt.limit == 0, "an IDT at %lx, limit %x", s->idt.base, s->idt.limit);
}

void aps_release(const struct info *info, unsigned number)
{
	EXPECT(aps_at(number) != NULL, "nobody is at entry %u", number);
	reset_vector = info->reset_vector;
	__atomic_store_n(&aps[number].running, false, __ATOMIC_RELEASE);
}

void aps_expect_parked(const struct info *info, uint32_t apic_id)
{
	EXPECT(aps_send(info, MAILBOX_TEST, apic_id, 0, ANSWER_CYCLES), "apic id %u is not parked",
	       apic_id);
}

void aps_expect_all_parked(const struct info *info)
{
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		aps_expect_parked(info, info->apic_ids[cpu]);
		EXPECT(aps_at(cpu) == NULL, "apic id %u is at entry %u", aps_at(cpu)->apic_id, cpu);
	}
}
